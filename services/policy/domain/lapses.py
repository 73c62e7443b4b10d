"""What time alone changes, as events for the log, each exactly once."""

from collections.abc import Iterator
from datetime import datetime

from services.policy.domain.events import (
    BanEscalated,
    Event,
    MeasureLifted,
    StrikeExpired,
)
from services.policy.domain.history import History, Measure
from services.policy.domain.tiers import InteractionTier, Tier


def owed(history: History, now: datetime) -> tuple[Event, ...]:
    """Lapses since the last entry of the log, in order of time.

    Whoever appends anything appends these first, so none is owed twice.
    """
    since = history.update_time
    if since is None:
        return ()
    found = [e for m in history.measures for e in lapses(m) if since < e.time <= now]
    return tuple(sorted(found, key=lambda e: (e.time, e.decision, type(e).__name__)))


def next_lapse(history: History, now: datetime) -> datetime | None:
    """When time changes something next; None = never."""
    times = (e.time for m in history.measures for e in lapses(m) if e.time > now)
    return min(times, default=None)


def lapses(
    measure: Measure,
) -> Iterator[MeasureLifted | StrikeExpired | BanEscalated]:
    """Everything time does to one measure, whenever that is."""
    made = measure.made
    if measure.reversed:
        return
    if made.strike_expire_time is not None:
        yield StrikeExpired(time=made.strike_expire_time, decision=made.decision)
    if measure.ended_by:
        return
    ends = {made.expire_time} if made.tier > Tier.CLEAR else set()
    if made.interaction > InteractionTier.NONE:
        ends.add(made.interaction_expire_time)
    for end in ends:
        if end is not None:
            yield MeasureLifted(time=end, decision=made.decision)
    waits = made.provisional and not measure.confirmed and not measure.escalated
    if waits and made.confirm_by is not None:
        yield BanEscalated(time=made.confirm_by, decision=made.decision)
