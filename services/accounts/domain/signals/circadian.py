"""Does the account sleep? Rolling, because over months everybody covers the day."""

import numpy as np

from services.accounts.domain.evidence import Signal
from services.accounts.domain.history import Floats, History
from services.accounts.domain.signals.made import insufficient, spoken
from services.accounts.domain.windows import HOURS

MIN_EVENTS = 20
MIN_DAYS = 1.5
_DAY = 86_400.0
_WEEK_HOURS = 168


def longest_quiet_run(history: History) -> Signal:
    """Median over days of the longest gap (hours) between events.

    Each whole 24 h back from the newest event counts, silence of two days and
    more as absence. People sleep: 5 h and more; tools that never rest: less.
    """
    events = history.events
    if not _enough(events.time):
        return insufficient("LONGEST_QUIET_RUN", len(events), events.time)
    newest = events.time[-1]
    days = int((newest - events.time[0]) // _DAY)
    runs = []
    for day in range(max(days, 1)):
        start, end = newest - (day + 1) * _DAY, newest - day * _DAY
        inside = events.time[(events.time > start) & (events.time < end)]
        if len(inside):
            edges = np.concatenate(([start], inside, [end]))
            runs.append(float(np.diff(edges).max()) / 3600)
    return spoken("LONGEST_QUIET_RUN", float(np.median(runs or [24.0])), len(events), events.time)


def active_hour_cover(history: History) -> Signal:
    """Share of the last 7 days' hours with any event, in [0, 1]."""
    events, tallies = history.events, history.state.tallies
    if not _enough(events.time):
        return insufficient("ACTIVE_HOUR_COVER", len(events), events.time)
    bits = int.from_bytes(tallies.hours)
    first_hour = tallies.first // 3_600_000_000
    known = int(min(_WEEK_HOURS, HOURS, tallies.newest_hour - first_hour + 1))
    active = (bits & ((1 << known) - 1)).bit_count()
    return spoken("ACTIVE_HOUR_COVER", active / known, known, events.time)


def hour_entropy(history: History) -> Signal:
    """Entropy of the hour of day, in [0, 1]; 1 = every hour alike."""
    events = history.events
    if not _enough(events.time):
        return insufficient("HOUR_ENTROPY", len(events), events.time)
    hours = np.unique((events.time // 3600).astype(np.int64)) % 24
    shares = np.bincount(hours, minlength=24) / len(hours)
    shares = shares[shares > 0]
    value = float(-(shares * np.log(shares)).sum() / np.log(24))
    return spoken("HOUR_ENTROPY", value, len(events), events.time)


def concentration(history: History) -> Signal:
    """Length of the mean vector of the hour of day, in [0, 1] (Rayleigh R)."""
    events = history.events
    if not _enough(events.time):
        return insufficient("HOUR_CONCENTRATION", len(events), events.time)
    angles = events.time * (2 * np.pi / _DAY)
    value = abs(np.exp(1j * angles).mean())
    return spoken("HOUR_CONCENTRATION", float(value), len(events), events.time)


def _enough(times: Floats) -> bool:
    return len(times) >= MIN_EVENTS and times[-1] - times[0] >= MIN_DAYS * _DAY
