"""A decision's evidence without what machines estimated, for who is yet to judge it.

Whoever has seen the score agrees with it; they are to find for themselves.
"""

import json
from typing import Any

SCORES = ("reliance_", "probability_none", "automation", "interaction_automation")
SCORE_ENDS = ("_llr", "log_likelihood_ratio")


def without_scores(evidence: str) -> str:
    """The frozen *evidence*, canonical JSON or empty, with facts alone."""
    if not evidence:
        return evidence
    facts = _facts(json.loads(evidence))
    return json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _facts(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _facts(v) for k, v in value.items() if not _is_score(k)}
    if isinstance(value, list):
        return [_facts(part) for part in value]
    return value


def _is_score(name: str) -> bool:
    return name.startswith(SCORES) or name.endswith(SCORE_ENDS)
