"""What a decision costs: `python -m tests.bench.bench_policy`.

CPU time of the shipped ruleset on one account's evidence and, as the baseline
of the same run, of a ruleset with a single rule.
"""

import json
import sys
import time
from collections.abc import Callable
from functools import partial

from services.policy.domain.rulefile import load_ruleset
from tests.policy.worlds import HOSTED, default_ruleset, some_evidence

ROUNDS = 20
TIMES = 500
ONE_RULE = """\
name: one
version: 1
effective_time: 2026-03-10T00:00:00+08:00
rules:
  - id: one
    clause: one
    when: automation >= 0.95
    needs: [automation]
    tier: NOTICE
    evidence_class: OPERATION
    stage: LIVE
    owner: bench
"""


def microseconds(work: Callable[[], object]) -> float:
    """CPU time of one call, the least of several rounds."""
    work()
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.process_time()
        for _ in range(TIMES):
            work()
        best = min(best, (time.process_time() - begun) / TIMES)
    return best * 1e6


def main() -> None:
    one, shipped = load_ruleset(ONE_RULE), default_ruleset()
    for kind, evidence in (
        ("person", some_evidence()),
        ("hosted", some_evidence(kind=HOSTED)),
    ):
        reference = microseconds(partial(one.ask, evidence))
        cost = microseconds(partial(shipped.ask, evidence))
        line = {
            "account": kind,
            "one_rule_us": round(reference, 1),
            "shipped_ruleset_us": round(cost, 1),
            "rules": len(shipped.rules),
            "times_one_rule": round(cost / reference, 1),
        }
        sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
