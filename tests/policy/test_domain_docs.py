"""What the documents say of policy is what the code does."""

import re
from dataclasses import fields
from pathlib import Path

from services.policy.domain.matrix import CAPS, Content, Operation
from services.policy.domain.numbers import Bounds, Ladder
from services.policy.domain.rulefile import load_ruleset
from services.policy.domain.variables import VARIABLES
from tests.policy.worlds import default_ruleset

ROOT = Path(__file__).parents[2]
POLICY = (ROOT / "docs/policy.md").read_text()
RULESETS = (ROOT / "docs/rulesets.md").read_text()
TESTS = "".join(
    path.read_text()
    for folder in ("tests/policy", "tests/simulation")
    for path in (ROOT / folder).glob("*.py")
)


def test_each_name_a_rule_may_use_is_explained_with_its_type() -> None:
    ways = {1: "against", -1: "for", 0: "—"}

    for name, (kind, harm, meaning) in VARIABLES.items():
        assert f"| `{name}` | {kind} | {ways[harm]} | {meaning} |" in RULESETS


def test_each_number_is_explained() -> None:
    for field in (*fields(Ladder), *fields(Bounds)):
        assert f"`{field.name}`" in RULESETS, field.name


def test_the_example_loads() -> None:
    example = RULESETS.split("```yaml\n")[1].split("```")[0]

    assert load_ruleset(example).by_id.keys() == {"warning-content"}


def test_the_clause_table_names_every_default_rule_and_only_tests_that_exist() -> None:
    clauses = POLICY.split("## Clause by clause")[1].split("## The table")[0]

    assert {rule.id for rule in default_ruleset().rules} <= set(
        re.findall(r"`([\w-]+)`", clauses)
    )
    for name in re.findall(r"`(test_\w+)`", POLICY):
        assert f"def {name}(" in TESTS, name


def test_the_table_of_content_and_operation_is_the_codes() -> None:
    table = POLICY.split("| | person |")[1].split("\n\n")[0].split("\n")[2:]
    cells = [re.findall(r"\| `(\w+)`", row) for row in table]

    assert cells == [
        [CAPS[content, operation].name for operation in Operation]
        for content in Content
    ]
