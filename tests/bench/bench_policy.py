"""What a decision costs: `python -m tests.bench.bench_policy`.

CPU time of the shipped ruleset on one account's evidence and, in turns, of a
ruleset with a single rule.
"""

import argparse
from collections.abc import Callable
from functools import partial

from services.policy.domain.history import History
from services.policy.domain.judge import rule
from services.policy.domain.rulefile import load_ruleset
from tests.bench.measuring import cpu_us, in_turns, ratios, say, summary
from tests.policy.worlds import HOSTED, default_ruleset, some_evidence

ROUNDS = 15
TIMES = 300
HEAD = """\
name: one
version: 1
effective_time: 2026-03-10T00:00:00+08:00
rules:
"""
ONE_RULE = """\
  - id: rule-{number}
    clause: one
    when: automation >= 0.{number:03}
    needs: [automation]
    tier: NOTICE
    evidence_class: OPERATION
    stage: LIVE
    owner: bench
"""


def of_size(rules: int) -> str:
    """A ruleset of so many simple rules."""
    return HEAD + "".join(ONE_RULE.format(number=900 + n) for n in range(rules))


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    one, shipped = load_ruleset(of_size(1)), default_ruleset()
    for kind, evidence in (
        ("a person", some_evidence()),
        ("a hosted account", some_evidence(kind=HOSTED)),
    ):
        now = evidence.as_of_time
        works: dict[str, Callable[[], object]] = {
            "one rule": partial(one.ask, evidence),
            "ruleset": partial(shipped.ask, evidence),
            "ruling": partial(rule, evidence, History(), shipped, now),
        }
        found = in_turns(
            {n: partial(cpu_us, work, TIMES) for n, work in works.items()}, ROUNDS
        )
        rules = len(shipped.rules)
        for name, what, goal in (
            ("ruleset", f"{rules} rules asked about {kind}", "<= 50 us"),
            ("ruling", f"whole ruling on {kind}", ""),
        ):
            say(what, summary(found[name]), "us CPU", goal)
        ratio = ratios(found, "ruleset", "one rule")
        say(f"{rules} rules against one, {kind}", ratio, "times")


if __name__ == "__main__":
    main()
