"""Conditions: three answers, hard limits, and no error that passes for true."""

import math
import time
from typing import Any

import pytest
from hypothesis import given, settings

from services.policy.domain.evidence import Evidence
from services.policy.domain.expressions import (
    Answer,
    Battery,
    Expression,
    Facts,
    InvalidExpression,
)
from services.policy.domain.variables import VARIABLES
from tests.policy.worlds import NOW, default_ruleset, evidences, some_evidence


def asked(when: str, *needs: str, **values: Any) -> Answer:
    expression = Expression(when, needs)
    return expression.ask(Facts(some_evidence(**values), needs)).answer


def test_true_is_true_and_false_is_false() -> None:
    assert asked("automation >= 0.5", "automation", automation=0.9) is Answer.TRUE
    assert asked("automation >= 0.5", "automation", automation=0.1) is Answer.FALSE


@pytest.mark.parametrize("value", [None, math.nan, math.inf, 1.5, -0.1])
def test_what_is_not_known_abstains(value: float | None) -> None:
    answer = asked("automation >= 0.0", "automation", automation=value)

    assert answer is Answer.ABSTAINS


def test_an_or_does_not_hide_missing_evidence() -> None:
    answer = asked(
        "automation >= 0.5 || reliance_lower >= 0.0",
        "automation",
        "reliance_lower",
        automation=None,
    )

    assert answer is Answer.ABSTAINS


def test_an_error_while_evaluating_abstains() -> None:
    assert asked("1 / (eligible_posts - 30) > 0", "eligible_posts") is Answer.ABSTAINS


@pytest.mark.parametrize(
    ("when", "problem"),
    [
        ("automation", "must be true or false"),
        ("automation >= 1", "no matching overload"),
        ("automation > 'a'", "no matching overload"),
        ("automation > ", "Syntax error"),
        ("automation > 0.5 && luck > 0.5", "undeclared reference to 'luck'"),
        ("automation > 0.5 && reliance_lower > 0.5", "undeclared"),
        ("(" * 40 + "automation > 0.5" + ")" * 40, "nested more than 20"),
        ("automation > 0.5 || " * 150 + "true", "more than 2000 characters"),
        ("true", "never reads it"),
    ],
)
def test_bad_conditions_are_refused_at_load(when: str, problem: str) -> None:
    with pytest.raises(InvalidExpression, match=problem):
        Expression(when, ("automation",))


def test_a_mistake_has_line_and_column() -> None:
    with pytest.raises(InvalidExpression) as caught:
        Expression("automation > 0.5\n  && luck > 0.5", ("automation",))

    assert (caught.value.line, caught.value.column) == (2, 6)


def test_three_loops_are_refused() -> None:
    loop = "automation_channels.all(a, automation_channels.all(b, automation_channels.all(c, true)))"

    with pytest.raises(InvalidExpression, match="iterates more than 2"):
        Expression(loop, ("automation_channels",))


def test_a_loop_of_loops_ends_within_its_budget() -> None:
    hundreds = "[" + ",".join("1" * 1 for _ in range(190)) + "]"
    when = f"automation >= 0.0 && {hundreds}.all(a, {hundreds}.all(b, a == b))"
    expression = Expression(when, ("automation",))

    begun = time.process_time()
    answer = expression.ask(Facts(some_evidence(), ("automation",))).answer

    assert answer is Answer.ABSTAINS
    assert time.process_time() - begun < 1


def test_every_variable_is_a_field_or_property_of_its_type() -> None:
    kinds = {
        "double": float,
        "int": int,
        "bool": bool,
        "string": str,
        "list(string)": tuple,
    }
    known = Evidence(account="a", profile_revision=1, as_of_time=NOW)
    for name, variable in VARIABLES.items():
        value = getattr(known, name)
        assert value is None or isinstance(value, kinds[variable.kind]), name


@given(evidences())
@settings(max_examples=25, deadline=None)  # it compiles
def test_asking_together_is_asking_one_by_one(evidence: Evidence) -> None:
    rules = default_ruleset().asked
    expressions = tuple(Expression(r.when, r.needs) for r in rules)
    names = tuple({name for r in rules for name in r.needs})

    together = Battery(expressions).ask(evidence)

    facts = Facts(evidence, names)
    assert together == [expression.ask(facts) for expression in expressions]


def test_one_that_errs_does_not_take_the_others_along() -> None:
    fine = Expression("automation >= 0.0", ("automation",))
    errs = Expression("1 / (eligible_posts - 30) > 0", ("eligible_posts",))

    answers = [o.answer for o in Battery((fine, errs)).ask(some_evidence())]

    assert answers == [Answer.TRUE, Answer.ABSTAINS]
