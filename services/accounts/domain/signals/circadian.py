"""Does the account sleep? Rolling, because over months everybody covers the day."""

import numpy as np

from services.accounts.domain.arrays import Floats
from services.accounts.domain.evidence import Signal
from services.accounts.domain.history import History
from services.accounts.domain.moments import quantile, total
from services.accounts.domain.signals.made import insufficient, spoken
from services.accounts.domain.windows import HOURS

MIN_EVENTS = 20
MIN_DAYS = 1.5
_MIN_GAPS = 7
_DAY = 86_400.0
_WEEK_HOURS = 168
_LOG_DAY = np.log(24)


def longest_quiet_run(history: History) -> Signal:
    """Median over days of the longest gap (hours) between events.

    Each whole 24 h back from the newest event counts, silence of two days and
    more as absence. People sleep: 5 h and more; tools that never rest: less.
    """
    events = history.events
    times = events.time
    if not _enough(times):
        return insufficient("LONGEST_QUIET_RUN", len(events), events.span)
    newest = times[-1]
    day = ((newest - times) // _DAY).astype(np.int64)
    whole = day < (newest - times[0]) // _DAY
    days = day[whole]
    # Midnights between days end one gap and begin the next.
    edges = newest - np.arange(days[0] + 2) * _DAY
    marks = np.concatenate((times[whole], edges))
    marks.sort()
    of_day = ((newest - marks[1:]) // _DAY).astype(np.int64)
    longest = np.zeros(len(edges))
    np.maximum.at(longest, of_day, marks[1:] - marks[:-1])
    runs = sorted(longest[sorted(set(days.tolist()))].tolist())
    value = quantile(runs, 0.5) / 3600
    return spoken("LONGEST_QUIET_RUN", value, len(events), events.span)


def quiet_share(history: History) -> Signal:
    """The longest gap as a share of the whole span, in [0, 1].

    Needs no calendar: nights make it large on days, absences on months.
    """
    events = history.events
    times = events.time
    if len(times) < _MIN_GAPS + 1 or times[-1] == times[0]:
        return insufficient("QUIET_SHARE", len(times), events.span)
    value = events.gaps.max() / (times[-1] - times[0])
    return spoken("QUIET_SHARE", value, len(times), events.span)


def active_hour_cover(history: History) -> Signal:
    """Share of the last 7 days' hours with any event, in [0, 1]."""
    events, tallies = history.events, history.state.tallies
    if not _enough(events.time):
        return insufficient("ACTIVE_HOUR_COVER", len(events), events.span)
    bits = int.from_bytes(tallies.hours)
    first_hour = tallies.first // 3_600_000_000
    known = int(min(_WEEK_HOURS, HOURS, tallies.newest_hour - first_hour + 1))
    active = (bits & ((1 << known) - 1)).bit_count()
    return spoken("ACTIVE_HOUR_COVER", active / known, known, events.span)


def hour_entropy(history: History) -> Signal:
    """Entropy of the hour of day, in [0, 1]; 1 = every hour alike."""
    events = history.events
    if not _enough(events.time):
        return insufficient("HOUR_ENTROPY", len(events), events.span)
    # Several acts of one hour count once.
    hours = [hour % 24 for hour in set((events.time_us // 3_600_000_000).tolist())]
    shares = np.bincount(hours, minlength=24) / len(hours)
    shares = shares[shares > 0]
    value = -total(shares * np.log(shares)) / _LOG_DAY
    return spoken("HOUR_ENTROPY", value, len(events), events.span)


def concentration(history: History) -> Signal:
    """Length of the mean vector of the hour of day, in [0, 1] (Rayleigh R)."""
    events = history.events
    if not _enough(events.time):
        return insufficient("HOUR_CONCENTRATION", len(events), events.span)
    angles = events.time * (2 * np.pi / _DAY)
    value = abs(np.add.reduce(np.exp(1j * angles)) / len(angles))
    return spoken("HOUR_CONCENTRATION", float(value), len(events), events.span)


def _enough(times: Floats) -> bool:
    return len(times) >= MIN_EVENTS and bool(times[-1] - times[0] >= MIN_DAYS * _DAY)
