"""Steps, strikes and waiting times, as a year of one account would show them."""

from dataclasses import replace
from datetime import timedelta

from services.policy.domain.ladder import earlier_steps
from services.policy.domain.tiers import CaseKind, Identifiability, Tier
from tests.policy.worlds import (
    HOSTED,
    NOW,
    PERSON,
    SOME_AI,
    STATISTICAL,
    World,
    default_ruleset,
)

WARNED = SOME_AI | {"reliance_lower": 0.3}
REACH = SOME_AI | {"reliance_lower": 0.45, "automation": 0.96}
HARD = REACH | {
    "operation_hard": True,
    "automation_channels": ("OPERATION", "TEMPO"),
    "speaking_channels": ("OPERATION", "STYLE", "TEMPO"),
}


def test_a_second_notice_within_90_days_is_a_warning() -> None:
    world = World()
    world.judged_and_told(SOME_AI)
    world.days(30)

    ruling = world.judge(SOME_AI)

    assert ruling.tier is Tier.WARNING
    assert ruling.relied_on == (world.history.measures[0].made.decision,)


def test_a_second_notice_after_90_days_is_a_notice() -> None:
    world = World()
    world.judged_and_told(SOME_AI)
    world.days(91)

    assert world.judge(SOME_AI).tier is Tier.NOTICE


def test_all_findings_until_a_day_after_the_notice_are_one_episode() -> None:
    world = World()
    world.judged_and_told(SOME_AI)
    for _ in range(20):
        world.now += timedelta(hours=1)
        assert not world.judge(SOME_AI).acts

    assert world.tier is Tier.NOTICE


def test_an_episode_stays_open_until_its_notice_is_handed_over() -> None:
    world = World()
    world.judge(SOME_AI)
    world.days(20)

    assert not world.judge(SOME_AI).acts
    assert world.tier is Tier.NOTICE


def test_nothing_new_after_an_episode_opens_no_other() -> None:
    world = World()
    world.judged_and_told(SOME_AI)
    flagged = world.now
    world.days(5)

    ruling = world.judge(SOME_AI, flagged_contents=(), last_event_time=flagged)

    assert (ruling.acts, ruling.held_back) == (False, ("no_new_offence",))


def test_an_account_that_goes_on_by_tools_loses_reach_where_texts_say_nothing() -> None:
    """A year of warnings, one every two days, would be no ladder."""
    unknown = {
        "reliance_state": Identifiability.NOT_IDENTIFIABLE,
        "automation": 0.96,
        "automation_channels": ("TEMPO", "TEMPLATE"),
        "speaking_channels": ("TEMPO", "TEMPLATE"),
    }
    world = World()
    warned = world.judged_and_told(unknown)
    acting = []
    for _ in range(40):
        world.days(1)
        ruling = world.judged_and_told(unknown)
        acting += [(world.now - NOW, ruling.tier)] if ruling.acts else []

    assert warned.tier is Tier.WARNING
    assert acting[0] == (timedelta(days=7), Tier.REACH_LIMITED)
    assert {tier for _, tier in acting} == {Tier.REACH_LIMITED}


def test_evidence_enters_at_warning_at_once_and_no_higher() -> None:
    world = World()

    ruling = world.judge(REACH)

    assert (ruling.tier, ruling.held_back) == (Tier.WARNING, ("step_interval",))


def test_a_harsher_step_waits_seven_days_after_the_notice() -> None:
    world = World()
    world.judged_and_told(REACH)
    world.days(6.9)
    waiting = world.judge(REACH)
    world.days(0.2)

    assert not waiting.acts
    assert waiting.wait_until == NOW + timedelta(days=7)
    assert world.judge(REACH).tier is Tier.REACH_LIMITED


def test_hard_operation_evidence_does_not_wait() -> None:
    assert World().judge(HARD).tier is Tier.REACH_LIMITED


def test_without_waiting_times_evidence_enters_anywhere() -> None:
    ladder = replace(default_ruleset().ladder, step_interval=timedelta(0))
    world = World(replace(default_ruleset(), ladder=ladder))

    assert world.judge(REACH).tier is Tier.REACH_LIMITED


def test_strikes_lead_up_one_tier_a_week_and_the_third_suspension_is_reviewed() -> None:
    world, tiers, reviews = World(), [], []
    for _ in range(14):
        ruling = world.judged_and_told(WARNED)
        if ruling.acts:
            tiers.append(ruling.imposed_tier)
            reviews.append(CaseKind.BAN_REVIEW in ruling.cases)
        world.days(8)

    assert tiers[:4] == [
        Tier.WARNING,
        Tier.REACH_LIMITED,
        Tier.PUBLISHING_LIMITED,
        Tier.PUBLISHING_SUSPENDED,
    ]
    suspended = [r for t, r in zip(tiers, reviews, strict=True) if t == 6]
    assert suspended[:3] == [False, False, True]


def test_one_strike_an_episode_and_they_expire_one_by_one() -> None:
    world = World()
    world.judged_and_told(WARNED)
    world.days(10)
    world.judged_and_told(WARNED)
    assert len(world.history.strikes(world.now)) == 2

    world.days(81)
    assert len(world.history.strikes(world.now)) == 1
    world.days(10)
    assert len(world.history.strikes(world.now)) == 0


def test_timed_tiers_lift_themselves_and_last_longer_the_second_time() -> None:
    world = World()
    first = world.judged_and_told(HARD)
    assert first.expire_time == world.now + timedelta(days=7)
    world.days(7)
    assert world.tier is Tier.CLEAR

    world.days(90)
    second = world.judged_and_told(HARD)
    assert second.expire_time == world.now + timedelta(days=14)


def test_a_ban_does_not_expire_and_nothing_follows_it() -> None:
    world = World()
    world.judged_and_told(HOSTED)
    world.days(1)

    again = world.judge(HOSTED)

    assert (again.acts, again.cases) == (False, ())


def test_a_year_of_a_person_leaves_no_trace() -> None:
    world = World()
    for _ in range(365):
        world.judge(PERSON)
        world.days(1)

    assert world.log == []


def test_every_tier_is_reached_and_left_again() -> None:
    world, seen = World(), set()
    for kind in (SOME_AI, WARNED, WARNED, WARNED, WARNED, STATISTICAL, HOSTED):
        world.judged_and_told(kind)
        seen.add(world.tier)
        world.days(8)
    assert seen >= set(Tier) - {Tier.CLEAR}


def test_an_episode_is_its_steps_and_ends_a_day_after_a_notice() -> None:
    world = World()
    old = world.judged_and_told(WARNED)
    world.days(10)
    first = world.judged_and_told(HARD)
    world.days(0.5)
    last = world.judged_and_told(HOSTED)
    ladder = world.ruleset.ladder

    assert [step.acts for step in (old, first, last)] == [True, True, True]
    assert earlier_steps(last.decision, world.history, ladder) == (first.decision,)
    assert earlier_steps(first.decision, world.history, ladder) == ()
    assert earlier_steps("unknown", world.history, ladder) == ()
