"""Does the account sleep? Rolling, because over months everybody covers the day."""

import numpy as np

from services.accounts.domain.evidence import Signal
from services.accounts.domain.history import Floats, History
from services.accounts.domain.signals.made import insufficient, spoken
from services.accounts.domain.windows import HOURS

MIN_EVENTS = 20
MIN_DAYS = 1.5
_MIN_GAPS = 7
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
    times, newest = events.time, events.time[-1]
    day = ((newest - times) // _DAY).astype(np.int64)
    whole = day < (newest - times[0]) // _DAY
    # Midnights between days end one gap and begin the next.
    edges = newest - np.arange(day[whole].max() + 2) * _DAY
    marks = np.sort(np.concatenate((times[whole], edges)))
    gaps = np.diff(marks)
    of_day = ((newest - marks[1:]) // _DAY).astype(np.int64)
    longest = np.zeros(len(edges))
    np.maximum.at(longest, of_day, gaps)
    runs = longest[np.unique(day[whole])] / 3600
    return spoken("LONGEST_QUIET_RUN", np.median(runs), len(events), times)


def quiet_share(history: History) -> Signal:
    """The longest gap as a share of the whole span, in [0, 1].

    Needs no calendar: nights make it large on days, absences on months.
    """
    times = history.events.time
    if len(times) < _MIN_GAPS + 1 or times[-1] == times[0]:
        return insufficient("QUIET_SHARE", len(times), times)
    value = np.diff(times).max() / (times[-1] - times[0])
    return spoken("QUIET_SHARE", value, len(times), times)


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
