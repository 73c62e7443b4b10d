"""What else falls when a decision falls: later ones that it made harsher.

A later decision is ruled on again, on its own frozen evidence and clock, as if the
void decision had never been. If it comes out milder it is reversed too, and replaced
by what it should have been, from the time it should have been. Never harsher.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from services.policy.domain.canonical import digest
from services.policy.domain.events import (
    DecisionMade,
    DecisionReversed,
    Event,
    NoticeHandedOver,
    ReversalCause,
)
from services.policy.domain.evidence import Evidence
from services.policy.domain.fold import fold_all
from services.policy.domain.judge import rule
from services.policy.domain.ruleset import Ruleset
from services.policy.domain.rulings import Ruling
from services.policy.domain.switches import Switches
from services.policy.domain.tiers import Decider


class Frozen(NamedTuple):
    """What a decision was made on."""

    evidence: Evidence
    ruleset: Ruleset
    switches: Switches


FrozenOf = Callable[[str], Frozen | None]
"""Looks up a decision's frozen basis by its id; None where it is gone (erased)."""


def cascade(
    log: Sequence[Event], void: str, frozen_of: FrozenOf, now: datetime
) -> tuple[Event, ...]:
    """Events to append after the reversal of *void*, for all later decisions.

    *log* is the whole log, the reversal included. A decision whose basis is gone is
    reversed where it relied on *void*, in favour of the person.
    """
    history = fold_all(log)
    begins = next((e.time for e in log if is_decision(e, void)), now)
    corrected = Corrected(log, void)
    for measure in history.measures:
        made = measure.made
        later = made.decider is Decider.RULE and made.time >= begins
        if not later or measure.reversed or made.decision == void:
            continue
        corrected.review(made, frozen_of(made.replaces or made.decision), now)
    return tuple(corrected.appended)


def is_decision(event: Event, decision: str) -> bool:
    """Whether *event* made *decision*."""
    return isinstance(event, DecisionMade) and event.decision == decision


class Corrected:
    """The log as it would have been, grown as decisions are reviewed."""

    def __init__(self, log: Sequence[Event], void: str) -> None:
        self._log = list(log)
        self._void = [void]
        self._instead: list[Event] = []
        self.appended: list[Event] = []

    def review(self, made: DecisionMade, frozen: Frozen | None, now: datetime) -> None:
        """Rule again on one decision, and note what changes."""
        if frozen is None:
            if set(made.relied_on) & set(self._void):
                self._reverse(made, now)
            return
        ruling = self._again(made, frozen)
        if not milder(ruling, made):
            return
        self._reverse(made, now)
        if ruling.acts:
            self._replace(made, ruling, now)

    def _again(self, made: DecisionMade, frozen: Frozen) -> Ruling:
        before = self._log[: made.history_sequence]
        reversed_at = [
            DecisionReversed(
                time=made.time, decision=decision, cause=ReversalCause.CASCADE
            )
            for decision in self._void
        ]
        instead = [event for event in self._instead if event.time <= made.time]
        history = fold_all([*before, *reversed_at, *instead])
        evidence, ruleset, switches = frozen
        return rule(evidence, history, ruleset, made.time, switches)

    def _reverse(self, made: DecisionMade, now: datetime) -> None:
        self._void.append(made.decision)
        self.appended.append(
            DecisionReversed(
                time=now, decision=made.decision, cause=ReversalCause.CASCADE
            )
        )

    def _replace(self, made: DecisionMade, ruling: Ruling, now: datetime) -> None:
        name = digest([made.decision, *self._void])[:32]
        instead = replace(
            ruling.made(),
            decision=name,
            replaces=made.replaces or made.decision,
            history_sequence=made.history_sequence,
            expire_time=sooner(ruling.expire_time, made.expire_time),
            interaction_expire_time=sooner(
                ruling.interaction_expire_time, made.interaction_expire_time
            ),
        )
        self._instead.append(instead)
        self.appended.append(instead)
        for event in self._log:
            if not isinstance(event, NoticeHandedOver):
                continue
            if event.decision == made.decision:
                notice = replace(event, decision=name)
                self._instead.append(notice)
                self.appended.append(notice)
                break


def milder(ruling: Ruling, made: DecisionMade) -> bool:
    """Whether *ruling* asks less than *made* did, on any count, and more on none."""
    asked = (
        ruling.imposed_tier,
        ruling.imposed_interaction,
        ruling.strike_expire_time is not None,
    )
    before = (made.tier, made.interaction, made.strike_expire_time is not None)
    if asked == before:
        shorter = ends_sooner(ruling.expire_time, made.expire_time)
        return shorter or ends_sooner(
            ruling.interaction_expire_time, made.interaction_expire_time
        )
    return all(new <= old for new, old in zip(asked, before, strict=True))


def sooner(new: datetime | None, old: datetime | None) -> datetime | None:
    """The earlier end: a milder measure that lasts longer would be no relief."""
    ends = [end for end in (new, old) if end is not None]
    return min(ends, default=None) if new is not None else None


def ends_sooner(new: datetime | None, old: datetime | None) -> bool:
    """Whether a measure would have ended earlier than it was set to."""
    return new is not None and (old is None or new < old)
