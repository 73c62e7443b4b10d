"""A decision as staff read it: what was known, which rules spoke, what held back."""

import json
from collections.abc import Mapping
from typing import Any

from services.cli.output import record_of
from services.cli.remote import ask
from truepen.policy.v1 import decisions_pb2, enforcement_service_pb2
from truepen.policy.v1.enforcement_service_pb2_grpc import EnforcementServiceStub

SCORES = ("reliance_", "probability_none", "automation", "interaction_automation")
SCORE_ENDS = ("_llr", "log_likelihood_ratio")


def decision_at(target: str, name: str, who: str = "") -> decisions_pb2.Decision:
    """Return the decision *name* with its evidence; the server notes who read it."""
    request = enforcement_service_pb2.GetDecisionRequest(name=name, explain=True)
    found = ask(target, EnforcementServiceStub, "GetDecision", request, who)
    decision: decisions_pb2.Decision = found.decision
    return decision


def laid_out(decision: decisions_pb2.Decision) -> dict[str, Any]:
    """Return *decision* as a record, the frozen evidence opened."""
    record = record_of(decision)
    frozen = json.loads(record.pop("evidence_json") or "{}")
    return {**record, "evidence": known(frozen)}


def known(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """Return what *evidence* says, without what is not known."""
    return {name: value for name, value in evidence.items() if value is not None}


def blind(record: dict[str, Any]) -> dict[str, Any]:
    """Return *record* without anything a machine estimated: facts alone.

    Whoever has seen the score agrees with it; they are to find for themselves.
    """
    return {**record, "evidence": _without_scores(record["evidence"])}


def _without_scores(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_scores(v) for k, v in value.items() if not _is_score(k)}
    if isinstance(value, list):
        return [_without_scores(part) for part in value]
    return value


def _is_score(name: str) -> bool:
    return name.startswith(SCORES) or name.endswith(SCORE_ENDS)
