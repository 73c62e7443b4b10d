"""The default ruleset: what each clause does, and what nothing may ever do."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.policy.domain.canonical import canonical, from_plain
from services.policy.domain.evidence import Evidence
from services.policy.domain.history import History
from services.policy.domain.judge import rule
from services.policy.domain.switches import Switches
from services.policy.domain.tiers import (
    AccountKind,
    CaseKind,
    Ground,
    Identifiability,
    InteractionTier,
    Tier,
)
from services.policy.domain.variables import VARIABLES
from tests.policy.worlds import (
    DAY,
    HOSTED,
    INTERACTING,
    KNOWN,
    NOW,
    PERSON,
    SOME_AI,
    STATISTICAL,
    TOOL_RUN,
    World,
    default_ruleset,
    evidences,
    some_evidence,
)

PUBLISHING_BAN = {CaseKind.BAN_CONFIRMATION}


def test_a_person_is_clear() -> None:
    ruling = World().judge(PERSON)

    assert (ruling.tier, ruling.acts, ruling.contents) == (Tier.CLEAR, False, ())


def test_one_flagged_post_is_only_a_label() -> None:
    ruling = World().judge(PERSON, flagged_posts=1, reliance_lower=0.06)

    assert ruling.tier is Tier.CLEAR
    assert [mark.content for mark in ruling.contents] == ["n0"]
    assert not ruling.acts


def test_some_ai_content_gets_a_notice_first() -> None:
    ruling = World().judge(SOME_AI)

    assert ruling.tier is Tier.NOTICE
    assert ruling.expire_time == NOW + 90 * DAY
    assert ruling.strike_expire_time is None


def test_content_of_a_person_is_never_beyond_warning() -> None:
    by_hand = SOME_AI | {"reliance_lower": 0.85, "automation": 0.2}

    assert World().judge(by_hand).tier is Tier.WARNING


def test_style_and_template_alone_are_never_beyond_notice() -> None:
    style = HOSTED | {
        "speaking_channels": ("STYLE", "TEMPLATE"),
        "automation_channels": ("STYLE", "TEMPLATE"),
    }

    assert World().judge(style).tier is Tier.NOTICE


def test_own_content_through_a_scheduler_is_clear() -> None:
    scheduled = {"automation": 0.97, "automation_channels": ("TEMPO",)}

    assert World().judge(scheduled, speaking_channels=("TEMPO",)).tier is Tier.CLEAR


def test_texts_that_read_as_a_tools_are_no_proof_of_own_content() -> None:
    """The share of AI content leans to 0, so that it never accuses by mistake."""
    by_tools = {"automation": 0.97, "automation_channels": ("STYLE", "TEMPO")}

    said = World().judge(by_tools, speaking_channels=("STYLE", "TEMPO"))

    assert said.tier is Tier.WARNING
    assert World().judge({}, speaking_channels=("STYLE",)).tier is Tier.CLEAR


def test_unknown_content_and_tools_is_at_most_reach_limited() -> None:
    world = World()
    silent = {
        "reliance_state": Identifiability.NOT_IDENTIFIABLE,
        "automation": 0.9999,
        "automation_channels": ("COORDINATION", "TEMPO"),
        "speaking_channels": ("COORDINATION", "TEMPO"),
    }
    assert world.judged_and_told(silent).tier is Tier.WARNING

    for _ in range(6):
        world.days(8)
        world.judged_and_told(silent)
        assert world.tier is Tier.REACH_LIMITED


def test_all_content_and_operations_is_banned_at_once_and_provisionally() -> None:
    world = World()

    ruling = world.judge(HOSTED)

    assert (ruling.tier, ruling.provisional) == (Tier.BANNED, True)
    assert set(ruling.cases) == PUBLISHING_BAN
    assert (ruling.expire_time, ruling.ground) == (None, Ground.HOSTED_ACCOUNT)


def test_an_account_run_by_a_tool_is_banned_whatever_its_texts() -> None:
    assert World().judge(TOOL_RUN).tier is Tier.BANNED


def test_a_person_seen_in_it_is_no_tool_run_account() -> None:
    ruling = World().judge(TOOL_RUN, last_person_time=NOW - DAY)

    assert ruling.tier < Tier.BANNED


def test_statistics_alone_suspend_and_ask_a_person_but_never_ban() -> None:
    world = World()
    world.judged_and_told(STATISTICAL)
    world.days(8)

    ruling = world.judge(STATISTICAL)

    assert ruling.tier is Tier.PUBLISHING_SUSPENDED
    assert CaseKind.BAN_REVIEW in ruling.cases


def test_faked_interaction_has_its_own_track() -> None:
    ruling = World().judge(INTERACTING)

    assert ruling.tier is Tier.CLEAR
    assert ruling.interaction is InteractionTier.INTERACTION_LIMITED
    assert ruling.strategies == ("INSTANT_REPLY",)
    assert ruling.interaction_expire_time == NOW + DAY


def test_interaction_is_limited_for_longer_each_time_then_reviewed() -> None:
    world, lasted, cases = World(), [], []
    for _ in range(4):
        ruling = world.judge(INTERACTING)
        assert ruling.interaction_expire_time is not None
        lasted.append((ruling.interaction_expire_time - world.now).days)
        cases.append(CaseKind.BAN_REVIEW in ruling.cases)
        world.now = ruling.interaction_expire_time + timedelta(hours=1)

    assert lasted == [1, 7, 30, 30]
    assert cases == [False, False, False, True]


def test_reports_alone_move_nobody() -> None:
    ruling = World().judge(
        PERSON, report_count=500, independent_report_count=500, report_weight=400.0
    )

    assert (ruling.tier, ruling.acts, ruling.cases) == (Tier.CLEAR, False, ())


def test_a_banned_persons_next_account_is_for_a_person() -> None:
    ruling = World().judge(PERSON, banned_lineage=True)

    assert (ruling.tier, ruling.cases) == (Tier.CLEAR, (CaseKind.LINEAGE,))


@pytest.mark.parametrize("age", [None, 1e6])
def test_stale_evidence_decides_nothing(age: float | None) -> None:
    ruling = World().judge(HOSTED, staleness_seconds=age)

    assert (ruling.tier, ruling.held_back[0]) == (Tier.CLEAR, "stale_evidence")


def test_the_kill_switch_only_observes() -> None:
    ruling = World().judge(HOSTED, Switches(observe_only=True))

    assert (ruling.tier, ruling.acts, ruling.cases) == (Tier.CLEAR, False, ())
    assert ruling.fired[0].tier is Tier.BANNED


@pytest.mark.parametrize(
    "switches",
    [
        Switches(open_tiers=frozenset({Tier.BANNED})),
        Switches(open_rules=frozenset({"ban-all-content-and-operations"})),
        Switches(earned={"ban-all-content-and-operations": Tier.WARNING}),
    ],
)
def test_an_open_breaker_turns_a_ban_into_suspension_and_review(
    switches: Switches,
) -> None:
    ruling = World().judge(HOSTED, switches)

    assert ruling.tier is Tier.PUBLISHING_SUSPENDED
    assert CaseKind.BAN_REVIEW in ruling.cases


def test_on_the_protected_list_a_person_decides_first() -> None:
    ruling = World().judge(HOSTED, protected=True)

    assert (ruling.tier, ruling.acts) == (Tier.CLEAR, False)
    assert ruling.cases == (CaseKind.BAN_REVIEW,)


def test_a_declared_bot_poses_as_nobody() -> None:
    assert World().judge(HOSTED, account_kind=AccountKind.DECLARED_BOT).tier == 1


def test_an_organisation_is_not_banned_without_a_person() -> None:
    ruling = World().judge(HOSTED, account_kind=AccountKind.ORGANISATION)

    assert ruling.tier is Tier.PUBLISHING_SUSPENDED
    assert CaseKind.BAN_REVIEW in ruling.cases


def test_throwaways_may_be_banned_without_waiting_where_so_ruled() -> None:
    ladder = replace(default_ruleset().ladder, throwaway_confirmation=False)
    world = World(replace(default_ruleset(), ladder=ladder))
    farm: dict[str, Any] = {
        "account_age_days": 1.0,
        "follower_count": 0,
        "cluster_size": 200,
    }

    assert not world.judge(HOSTED, **farm).provisional
    assert World().judge(HOSTED, **farm).provisional


@given(evidences())
@settings(max_examples=30, deadline=None)
def test_a_ruling_replays_byte_for_byte(evidence: Evidence) -> None:
    frozen = from_plain(Evidence, json.loads(evidence.canonical()))

    first = rule(evidence, History(), default_ruleset(), NOW)
    again = rule(frozen, History(), default_ruleset(), NOW)

    assert frozen == evidence
    assert again.canonical() == first.canonical()
    assert from_plain(type(first), json.loads(canonical(first))) == first


@given(evidences(), st.sampled_from(sorted(KNOWN)))
@settings(max_examples=30, deadline=None)
def test_missing_evidence_never_bans(evidence: Evidence, name: str) -> None:
    fields = {f: getattr(evidence, f) for f in Evidence.__slots__}
    value = Identifiability.NOT_IDENTIFIABLE if name == "reliance_state" else None
    without = Evidence(**(fields | {name: value}))

    full = rule(evidence, History(), default_ruleset(), NOW).tier
    less = rule(without, History(), default_ruleset(), NOW).tier

    assert less < Tier.BANNED or full is Tier.BANNED


HARMFUL = [
    name
    for name, variable in VARIABLES.items()
    if variable.harm and name in Evidence.__slots__ and name != "protected"
]


@given(evidences(), st.data())
@settings(max_examples=80, deadline=None)
def test_more_harmless_evidence_is_never_harsher(
    evidence: Evidence, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(HARMFUL))
    value, harm = getattr(evidence, name), VARIABLES[name].harm
    if value is None or (not value and harm > 0):
        return
    fields = {f: getattr(evidence, f) for f in Evidence.__slots__}
    better = milder_value(value, harm)
    milder = Evidence(**(fields | {name: better}))

    before = rule(evidence, History(), default_ruleset(), NOW)
    after = rule(milder, History(), default_ruleset(), NOW)

    assert after.tier <= before.tier
    assert after.interaction <= before.interaction


def milder_value(value: object, harm: int) -> object:
    if isinstance(value, bool):
        return harm < 0
    if isinstance(value, tuple):
        return value[1:]
    if isinstance(value, int):
        return value - 1 if harm > 0 else value + 1
    assert isinstance(value, float)
    return value * 0.9 if harm > 0 else value * 1.1


def test_evidence_of_now_has_a_stable_digest() -> None:
    assert some_evidence().digest() == some_evidence().digest()
    assert (
        some_evidence(automation=-0.0).digest()
        == some_evidence(automation=0.0).digest()
    )
