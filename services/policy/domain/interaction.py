"""The track of automated interaction: short, then longer, then a person looks."""

from dataclasses import dataclass
from datetime import datetime

from services.policy.domain.history import History, Measure
from services.policy.domain.ladder import settled
from services.policy.domain.numbers import Ladder
from services.policy.domain.tiers import InteractionTier


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionStep:
    """What follows on the interaction track."""

    acts: bool = False
    review: bool = False
    """All durations are used up: a ban review opens."""
    relied_on: tuple[str, ...] = ()
    expire_time: datetime | None = None


def interact(
    offence_time: datetime | None, history: History, ladder: Ladder, now: datetime
) -> InteractionStep:
    """The step that automated interaction leads to at *now*."""
    nothing = InteractionStep()
    if history.interaction(now) > InteractionTier.NONE:
        return nothing
    earlier = interactions(history, ladder, now)
    closes = earlier[-1].made.interaction_expire_time if earlier else None
    if settled(offence_time, closes) or settled(offence_time, history.settled_time):
        return nothing
    relied = tuple(m.made.decision for m in earlier)
    review = len(earlier) >= len(ladder.interaction_durations)
    last = len(ladder.interaction_durations) - 1
    return InteractionStep(
        acts=True,
        review=review,
        relied_on=relied,
        expire_time=now + ladder.interaction_durations[min(len(earlier), last)],
    )


def interactions(
    history: History, ladder: Ladder, now: datetime
) -> tuple[Measure, ...]:
    """Interaction measures that count as earlier ones, oldest first."""
    within = now - ladder.interaction_repeats_within
    return tuple(
        m
        for m in history.measures
        if m.made.interaction > InteractionTier.NONE
        and not m.reversed
        and m.made.time >= within
    )
