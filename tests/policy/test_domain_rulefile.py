"""Rulesets are refused with every fault named, or they are safe."""

import re
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from services.policy.domain.evidence import Evidence
from services.policy.domain.history import History
from services.policy.domain.judge import rule
from services.policy.domain.matrix import Operation, cap, content_proven, operation_of
from services.policy.domain.rulefile import load_ruleset
from services.policy.domain.ruleset import Rule
from services.policy.domain.tiers import EvidenceClass, Stage, Tier
from services.policy.domain.yamlnodes import InvalidRuleset
from tests.policy.worlds import NOW, RULESETS, default_ruleset, evidences

DEFAULT = (RULESETS / "default.yaml").read_text()
HEAD = "name: n\nversion: 1\neffective_time: 2026-03-10\n"
RULE = {
    "id": "r",
    "clause": "c",
    "when": "automation >= 0.9",
    "needs": "[automation]",
    "tier": "NOTICE",
    "evidence_class": "OPERATION",
    "stage": "LIVE",
    "owner": "o",
}


def one_rule(**fields: str | None) -> str:
    lines = [f"{k}: {v}" for k, v in (RULE | fields).items() if v is not None]
    return f"{HEAD}rules:\n  - " + "\n    ".join(lines) + "\n"


def problems(text: str) -> str:
    with pytest.raises(InvalidRuleset) as caught:
        load_ruleset(text)
    return "\n".join(caught.value.problems)


def test_a_rule_of_one_line_loads() -> None:
    assert load_ruleset(one_rule()).by_id["r"].tier is Tier.NOTICE


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"when": "automation >= 1"}, r"rule r when, line 7, column 22: .*overload"),
        ({"when": "luck > 0.5"}, r"line 7, column 11: undeclared reference to 'luck'"),
        ({"needs": "[luck]"}, r"when, line 7, .*names no evidence: luck"),
        ({"needs": "7"}, r"rule r needs, line 8, column 12: must be a list"),
        ({"tier": "JAIL"}, r"rule r tier, line 9, .*must be one of CLEAR, NOTICE"),
        ({"tier": None}, r"names no tier, interaction, case or label"),
        ({"min_support": "-1"}, r"min_support, .*must not be negative"),
        ({"min_support": "many"}, r"min_support, .*must be int, is str"),
        ({"budget": "1.5"}, r"budget, .*must be int, is float"),
        ({"owner": None}, r"rule r, line 5, column 5: owner is missing"),
        ({"colour": "red"}, r"rule r colour, .*no such field"),
        ({"evidence_class": "REPORTS"}, r"reports alone may open a case"),
        ({"tier": "BANNED"}, r"a ban needs OPERATION among channels_required"),
        ({"tier": "BANNED", "evidence_class": "CONTENT"}, r"evidence of operation"),
        ({"channels_required": "[LUCK]"}, r"no such channel: LUCK"),
        (
            {"tier": "WARNING", "when": "report_count > 9", "needs": "[report_count]"},
            r"without reading evidence for or against",
        ),
    ],
)
def test_faults_name_rule_field_line_and_column(
    fields: dict[str, str | None], said: str
) -> None:
    assert re.search(said, problems(one_rule(**fields)))


def test_all_faults_are_told_at_once() -> None:
    text = (
        one_rule(tier="JAIL", owner=None) + "bounds: {tool_posts: 1}\nladder: {x: 1}\n"
    )

    found = problems(text).split("\n")

    assert len(found) == 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("a: [", "line 1"),
        ("- 1", "must be a mapping"),
        (HEAD, "rules are missing"),
        (HEAD + "rules: []\n", "a list of 1 to 200"),
        ("a: &a [1]\nb: *a\n", "aliases are not allowed"),
        ("a: !!python/object:os.system x\n", "not a plain value"),
        ("a: 1\na: 2\n", "is twice"),
        ("[" * 100 + "]" * 100, "nested more than 8 deep"),
        ("a: [" + "1," * 30_000 + "1]", "more than 10000 values"),
        ("x" * 1_000_000, "more than 262144 characters"),
        (one_rule() + "bounds: {all_reliance_lower: .nan}\n", "finite number"),
        (one_rule() + "bounds: {all_reliance_lower: 0.1}\n", r"must be in \[0.8, 1\]"),
        (one_rule() + "ladder: {step_interval: soon}\n", "a length of time"),
        (one_rule() + "ladder: {strikes: {1: BANNED}}\n", "may not lead to BANNED"),
        (one_rule() + "ladder: {durations: {NOTICE: []}}\n", "for each tier"),
    ],
)
def test_hostile_files_are_refused_at_once(text: str, said: str) -> None:
    begun = time.process_time()

    assert re.search(said, problems(text))
    assert time.process_time() - begun < 2


@given(evidences())
@settings(max_examples=60, deadline=None)
def test_no_rule_however_written_bans_what_the_table_protects(
    evidence: Evidence,
) -> None:
    hostile = Rule(
        id="hostile",
        clause="",
        when="true",
        needs=(),
        evidence_class=EvidenceClass.OPERATION,
        stage=Stage.LIVE,
        owner="",
        tier=Tier.BANNED,
    )
    ruleset = replace(default_ruleset(), rules=(hostile,))
    bounds = ruleset.bounds

    tier = rule(evidence, History(), ruleset, NOW).tier

    assert tier <= cap(evidence, bounds)[0]
    if tier is Tier.BANNED:
        run_by_tool = operation_of(evidence, bounds) is Operation.TOOL_RUN
        assert run_by_tool or (
            content_proven(evidence, bounds) and evidence.operation_speaks
        )


def test_comments_do_not_change_the_digest_and_numbers_do() -> None:
    bare = "\n".join(
        line for line in DEFAULT.split("\n") if not line.lstrip().startswith("#")
    )

    assert load_ruleset(bare).digest == default_ruleset().digest
    changed = DEFAULT.replace("step_interval: 7d", "step_interval: 0")
    assert load_ruleset(changed).digest != default_ruleset().digest


def test_each_default_rule_restates_its_clause_in_a_comment() -> None:
    lines = DEFAULT.split("\n")
    ids = [n for n, line in enumerate(lines) if line.startswith("  - id: ")]

    assert len(ids) == len(default_ruleset().rules)
    assert all(lines[n - 1].startswith("  # ") for n in ids)


def plainly(e: Evidence) -> dict[str, Any]:
    """The default ruleset read as Python: None where something needed is unknown."""

    def when(holds: Any, *needed: Any) -> bool | None:
        return None if any(value is None for value in needed) else bool(holds())

    lower: Any = e.reliance_lower
    median: Any = e.reliance_median
    auto: Any = e.automation
    posts: Any = e.eligible_posts
    backed: Any = e.backed_posts
    hard: Any = e.hard_posts
    inter: Any = e.interaction_automation
    names, count = e.automation_channels, e.automation_channel_count
    ways = e.interaction_channels
    return {
        "label-flagged": when(lambda: backed >= 1, backed),
        "notice-content": when(
            lambda: lower > 0.05 and posts >= 2 and backed >= 2, lower, posts, backed
        ),
        "notice-automation": when(lambda: auto >= 0.9, auto),
        "warning-content": when(
            lambda: lower > 0.25 and backed >= 2 and e.speaking_channel_count >= 2,
            lower,
            backed,
        )
        and (posts or 0) >= 2,
        "warning-automation": when(
            lambda: auto >= 0.9 and count >= 2 and set(names) - {"STYLE"}, auto
        ),
        "reach-content-and-operation": when(
            lambda: lower > 0.4 and auto >= 0.95 and backed >= 2, lower, auto, backed
        ),
        "reach-automation": when(
            lambda: (
                auto >= 0.995
                and count >= 2
                and set(names) & {"TEMPO", "OPERATION", "COORDINATION"}
            ),
            auto,
        ),
        "limit-publishing": when(
            lambda: lower > 0.6 and auto >= 0.99 and backed >= 2, lower, auto, backed
        ),
        "suspend-publishing": when(
            lambda: lower > 0.75 and auto >= 0.999 and backed >= 2, lower, auto, backed
        ),
        "review-without-hard-facts": when(
            lambda: (
                posts >= 20
                and median >= 0.9
                and lower > 0.75
                and auto >= 0.999
                and count >= 2
            ),
            posts,
            median,
            lower,
            auto,
        ),
        "ban-all-content-and-operations": when(
            lambda: (
                posts >= 20
                and lower >= 0.9
                and hard >= 1
                and auto >= 0.999
                and count >= 2
                and "OPERATION" in names
                and "OPERATION" in e.speaking_channels
            ),
            posts,
            lower,
            hard,
            auto,
        ),
        "ban-tool-run": when(
            lambda: (
                e.registered_by_tool
                and e.operation_hard
                and not e.person_seen
                and (e.tool_post_count or 0) >= 3
                and (e.tool_post_share or 0) >= 0.9
                and (e.tool_interaction_share or 0) >= 0.9
                and "OPERATION" in e.speaking_channels
            ),
            e.registered_by_tool,
            e.operation_hard,
            e.tool_post_count,
            e.tool_post_share,
            e.tool_interaction_share,
        ),
        "interaction-by-tool": when(
            lambda: inter >= 0.99 and "OPERATION" in ways, inter
        )
        and (e.interaction_count or 0) >= 5,
        "interaction-by-pattern": when(
            lambda: (
                inter >= 0.995 and len(ways) >= 2 and set(ways) - {"STYLE", "TEMPLATE"}
            ),
            inter,
        )
        and (e.interaction_count or 0) >= 50,
        "review-lineage": when(lambda: e.banned_lineage, e.banned_lineage),
    }


@given(evidences())
@settings(max_examples=100, deadline=None)
def test_the_default_ruleset_means_what_its_plain_reading_means(
    evidence: Evidence,
) -> None:
    expected = {name for name, holds in plainly(evidence).items() if holds}

    fired = {r.id for r in default_ruleset().ask(evidence).live}

    assert fired == expected
