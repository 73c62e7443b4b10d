"""The log and what it adds up to: chained, folded, reversed, never resurrected."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.policy.domain.chain import GENESIS, BrokenChain, Entry, chained, verify
from services.policy.domain.events import (
    AppealOutcome,
    AppealResolved,
    AppealStayed,
    BanConfirmed,
    DecisionReversed,
    Event,
    NoticeHandedOver,
    Overridden,
    ReversalCause,
    event_json,
    event_of,
)
from services.policy.domain.fold import fold, fold_all
from services.policy.domain.history import History
from services.policy.domain.reversals import Frozen, cascade
from services.policy.domain.standing import standing_of
from services.policy.domain.tiers import CaseKind, ContentLabel, InteractionTier, Tier
from tests.policy.worlds import (
    DAY,
    HOSTED,
    INTERACTING,
    NOW,
    PERSON,
    SOME_AI,
    STATISTICAL,
    TOOL_RUN,
    World,
    default_ruleset,
)

WARNED = SOME_AI | {"reliance_lower": 0.3}
KINDS = [PERSON, SOME_AI, WARNED, STATISTICAL, HOSTED, TOOL_RUN, INTERACTING]


def view(world: World) -> dict[str, Any]:
    """What a standing says, but for what counts its changes."""
    standing = standing_of(world.history, world.now, default_ruleset().ladder)
    return {f: getattr(standing, f) for f in standing.__slots__ if f != "update_time"}


def overridden(world: World, tier: Tier, days: float | None = None) -> Overridden:
    until = None if days is None else world.now + days * DAY
    name = f"word{len(world.log)}"
    return Overridden(
        time=world.now,
        decision=name,
        tier=tier,
        identity="ann",
        reason="r",
        expire_time=until,
    )


def reversed_by(world: World, decision: str, cause: ReversalCause) -> DecisionReversed:
    until = world.now + 90 * DAY
    return DecisionReversed(
        time=world.now, decision=decision, cause=cause, word_holds_until=until
    )


def answered(
    world: World, outcome: AppealOutcome, tier: Tier | None = None
) -> AppealResolved:
    return AppealResolved(
        time=world.now,
        appeal="p",
        decision=world.last.decision,
        outcome=outcome,
        identity="bob",
        reason="r",
        remitted_tier=tier,
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """An account with any life under the default rules."""
    world = World()
    for _ in range(draw(st.integers(0, 8))):
        world.judge(draw(st.sampled_from(KINDS)))
        if draw(st.booleans()):
            world.told()
        world.days(draw(st.sampled_from([0.5, 2, 8, 35])))
    return world


@given(worlds())
@settings(max_examples=20, deadline=None)
def test_events_read_back_as_written(world: World) -> None:
    for event in world.log:
        assert event_of(json.loads(event_json(event))) == event


@given(worlds())
@settings(max_examples=15, deadline=None)
def test_repeated_events_change_nothing(world: World) -> None:
    twice = [event for event in world.log for _ in range(2)]

    once, again = world.history, fold_all(twice)

    assert replace(again, sequence=once.sequence) == once


@given(worlds(), st.sampled_from(KINDS))
@settings(max_examples=25, deadline=None)
def test_reversing_what_was_applied_gives_the_standing_before(
    world: World, kind: dict[str, Any]
) -> None:
    before, strikes = view(world), world.history.strikes(world.now)
    ruling = world.judge(kind)
    if ruling.acts:
        world.log.append(reversed_by(world, ruling.decision, ReversalCause.REVERT))
        assert view(world) | {"label": None} == before | {"label": None}
        assert world.history.strikes(world.now) == strikes


@given(worlds(), st.sampled_from(list(Tier)))
@settings(max_examples=20, deadline=None)
def test_reversing_a_persons_word_gives_the_standing_before(
    world: World, tier: Tier
) -> None:
    before = view(world)
    word = overridden(world, tier)
    world.log += [word, reversed_by(world, word.decision, ReversalCause.OVERRIDE)]

    assert view(world) == before


@given(worlds(), st.lists(st.floats(0.1, 60), max_size=6))
@settings(max_examples=25, deadline=None)
def test_time_alone_never_makes_it_harsher(world: World, steps: list[float]) -> None:
    for step in steps:
        tier, strikes = world.tier, len(world.history.strikes(world.now))
        world.days(step)
        assert world.tier <= tier
        assert 0 <= len(world.history.strikes(world.now)) <= strikes


@given(worlds(), st.sampled_from(list(Tier)), st.sampled_from(KINDS))
@settings(max_examples=25, deadline=None)
def test_a_persons_word_is_never_undone_by_a_rule(
    world: World, tier: Tier, kind: dict[str, Any]
) -> None:
    world.log.append(overridden(world, tier))
    world.days(3)

    ruling = world.judge(kind)

    assert (ruling.acts, world.tier) == (False, tier)


@given(worlds(), st.sampled_from(list(AppealOutcome)), st.sampled_from(list(Tier)))
@settings(max_examples=25, deadline=None)
def test_an_appeal_never_worsens(
    world: World, outcome: AppealOutcome, tier: Tier
) -> None:
    if not world.log or not world.history.measures:
        return
    before = world.tier
    remitted = tier if outcome is AppealOutcome.REMITTED else None
    world.log.append(answered(world, outcome, remitted))

    assert world.tier <= before


def test_an_overturned_finding_is_void_and_its_strike_too() -> None:
    world = World()
    world.judged_and_told(WARNED)
    world.days(2)
    world.log.append(
        replace(
            answered(world, AppealOutcome.OVERTURNED),
            word_holds_until=world.now + 90 * DAY,
        )
    )

    assert (world.tier, world.history.strikes(world.now)) == (Tier.CLEAR, ())
    again = world.judge(WARNED)
    assert (again.acts, again.held_back[0]) == (False, "persons_word")


def test_after_a_persons_word_old_offences_stay_settled() -> None:
    world = World()
    world.judged_and_told(WARNED)
    offence = world.now
    world.days(1)
    world.log.append(overridden(world, Tier.CLEAR, days=10))
    world.days(11)

    old = world.judge(WARNED, last_event_time=offence, flagged_contents=())
    assert (old.acts, old.held_back) == (False, ("settled",))
    assert world.judge(WARNED, profile_revision=7).acts


def test_a_ban_against_a_persons_word_is_put_to_people() -> None:
    world = World()
    world.log.append(overridden(world, Tier.CLEAR))
    world.days(1)

    ruling = world.judge(HOSTED)

    assert (ruling.acts, ruling.cases) == (False, (CaseKind.BAN_REVIEW,))


def test_when_a_persons_word_ends_nothing_older_comes_back() -> None:
    world = World()
    world.judged_and_told(WARNED)
    world.log.append(overridden(world, Tier.CLEAR, days=5))
    world.days(6)

    assert world.tier is Tier.CLEAR


def test_an_unconfirmed_ban_is_a_suspension_that_does_not_lift() -> None:
    world = World()
    assert world.judge(HOSTED).tier is Tier.BANNED

    world.days(3.1)
    assert world.tier is Tier.PUBLISHING_SUSPENDED
    world.days(400)
    assert world.tier is Tier.PUBLISHING_SUSPENDED


def test_a_confirmed_ban_is_for_good() -> None:
    world = World()
    decision = world.judge(HOSTED).decision
    world.log.append(
        BanConfirmed(time=world.now, decision=decision, identity="ann", reason="r")
    )
    world.days(4000)

    assert world.tier is Tier.BANNED
    assert not standing_of(world.history, world.now, world.ruleset.ladder).provisional


def test_a_late_appeal_stays_a_timed_measure_but_no_ban() -> None:
    world = World()
    decision = world.judge(WARNED).decision
    world.log.append(AppealStayed(time=world.now, appeal="p", decision=decision))
    assert world.tier is Tier.CLEAR

    banned = World()
    decision = banned.judge(HOSTED).decision
    banned.log.append(AppealStayed(time=banned.now, appeal="p", decision=decision))
    assert banned.tier is Tier.BANNED


def test_a_second_handing_over_does_not_restart_the_waiting_time() -> None:
    world = World()
    decision = world.judged_and_told(SOME_AI).decision
    world.days(1)
    world.log.append(NoticeHandedOver(time=world.now, decision=decision))

    assert world.history.last_notice_time() == NOW


def test_content_keeps_its_label_until_the_decision_falls() -> None:
    world = World()
    decision = world.judge(WARNED).decision
    marks = world.history.contents()
    assert {(m.label, m.recommended) for m in marks} == {
        (ContentLabel.SUSPECTED_AI, False)
    }

    world.log.append(reversed_by(world, decision, ReversalCause.REVERT))
    assert world.history.contents() == ()


def test_interaction_limits_do_not_touch_publishing() -> None:
    world = World()
    world.judge(INTERACTING)

    standing = standing_of(world.history, world.now, world.ruleset.ladder)

    assert standing.interaction is InteractionTier.INTERACTION_LIMITED
    assert (standing.can_publish, standing.can_interact) == (True, False)


def lookup(world: World) -> Callable[[str], Frozen]:
    return lambda decision: Frozen(*world.frozen[decision])


def test_a_reversal_takes_along_what_it_had_made_harsher() -> None:
    world = World()
    first = world.judged_and_told(WARNED)
    world.days(8)
    second = world.judged_and_told(WARNED)
    assert second.tier is Tier.REACH_LIMITED
    world.log.append(reversed_by(world, first.decision, ReversalCause.REVERT))

    world.log += cascade(world.log, first.decision, lookup(world), world.now)

    assert world.tier is Tier.WARNING
    strikes = world.history.strikes(world.now)
    assert len(strikes) == 1
    assert strikes[0].made.time == second.decide_time


def test_a_reversal_leaves_what_stands_by_itself() -> None:
    world = World()
    first = world.judged_and_told(SOME_AI)
    world.days(8)
    world.judged_and_told(HOSTED)
    world.log.append(reversed_by(world, first.decision, ReversalCause.REVERT))

    assert cascade(world.log, first.decision, lookup(world), world.now) == ()
    assert world.tier is Tier.BANNED


@given(worlds(), st.data())
@settings(max_examples=20, deadline=None)
def test_a_cascade_never_makes_it_harsher(world: World, data: st.DataObject) -> None:
    measures = world.history.measures
    if not measures:
        return
    void = data.draw(st.sampled_from(measures)).made.decision
    before = world.tier
    world.log.append(reversed_by(world, void, ReversalCause.REVERT))
    reversed_only = world.tier

    world.log += cascade(world.log, void, lookup(world), world.now)

    assert world.tier <= reversed_only <= before
    assert cascade(world.log, void, lookup(world), world.now) == ()


def entries(events: list[Event]) -> list[Entry]:
    found: list[Entry] = []
    for number, event in enumerate(events, start=1):
        previous = found[-1].hash if found else GENESIS
        found.append(chained("a", number, event, previous))
    return found


@given(worlds())
@settings(max_examples=20, deadline=None)
def test_the_chain_holds_and_an_altered_entry_breaks_it(world: World) -> None:
    world.log.append(overridden(world, Tier.CLEAR))
    log = entries(world.log)
    assert verify(log) == len(world.log)

    forged = replace(log[0], event=overridden(world, Tier.BANNED))
    with pytest.raises(BrokenChain):
        verify([forged, *log[1:]])
    if log[1:]:
        with pytest.raises(BrokenChain):
            verify(log[1:])


def test_folding_one_by_one_is_folding_all() -> None:
    world = World()
    world.judged_and_told(SOME_AI)
    world.days(9 + timedelta(hours=1) / DAY)
    world.judged_and_told(WARNED)
    history = History()
    for event in world.log:
        history = fold(history, event)

    assert history == fold_all(world.log)
