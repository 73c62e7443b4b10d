"""Rhythm without a unit: what gaps look like beside a process without memory.

People act in sittings and sleep; tools that draw their times at random do
neither. Each signal here is compared with a Poisson process of the same rate,
so that it means the same for two acts an hour and for two a day.
"""

from math import comb, exp, log, log10

import numpy as np

from services.accounts.domain.arrays import span
from services.accounts.domain.events import Events
from services.accounts.domain.evidence import Signal
from services.accounts.domain.history import History
from services.accounts.domain.moments import count, mean, quantile
from services.accounts.domain.signals.cadence import conditional_entropy
from services.accounts.domain.signals.made import insufficient, spoken

MIN_GAPS = 19
MIN_WEEK_EVENTS = 12
SHORT_GAP = 0.3  # of the mean gap
QUICK_SECONDS = 300.0
_HOUR, _DAY, _WEEK = 3600.0, 24, 7 * 86_400.0
_LEAST_P = 1e-6


def median_gap(history: History) -> Signal:
    """Median gap over mean gap; a timer 1, a Poisson process ln 2, people less."""
    events = history.events
    if not _rhythmic(events):
        return insufficient("MEDIAN_GAP", len(events.gaps), events.span)
    value = quantile(sorted(events.gaps.tolist()), 0.5) / mean(events.gaps)
    return spoken("MEDIAN_GAP", value, len(events.gaps), events.span)


def short_gap_share(history: History) -> Signal:
    """Share of gaps under 0.3 of the mean; a timer 0, a Poisson process .26."""
    events = history.events
    n = len(events.gaps)
    if not _rhythmic(events):
        return insufficient("SHORT_GAP_SHARE", n, events.span)
    value = count(events.gaps < SHORT_GAP * mean(events.gaps)) / n
    return spoken("SHORT_GAP_SHARE", value, n, events.span)


def quick_return(history: History) -> Signal:
    """Share of gaps under five minutes beyond a Poisson process's, in [-1, 1]."""
    events = history.events
    n = len(events.gaps)
    if not _rhythmic(events):
        return insufficient("QUICK_RETURN", n, events.span)
    expected = 1 - exp(-QUICK_SECONDS * _rate(events))
    value = count(events.gaps < QUICK_SECONDS) / n - expected
    return spoken("QUICK_RETURN", value, n, events.span)


def hour_clumping(history: History) -> Signal:
    """Share of acts in the clock hour of the one before, beyond a Poisson process's.

    People come for a sitting. In [-1, 1]; without memory 0.
    """
    events = history.events
    n = len(events.gaps)
    if not _rhythmic(events):
        return insufficient("HOUR_CLUMPING", n, events.span)
    rate = _rate(events) * _HOUR
    expected = 1 - (1 - exp(-rate)) / rate
    hours = events.time // _HOUR
    value = count(hours[1:] == hours[:-1]) / n - expected
    return spoken("HOUR_CLUMPING", value, n, events.span)


def entropy_rate(history: History) -> Signal:
    """CONDITIONAL_ENTROPY over the log of the number of gaps: fit for any length."""
    found = conditional_entropy(history)
    if found.value is None:
        return insufficient("ENTROPY_RATE", found.support, found.window)
    value = found.value / log(found.support)
    return spoken("ENTROPY_RATE", value, found.support, found.window)


def night_rest(history: History) -> Signal:
    """How surely the last 7 days have hours of rest: -log10 p, up to 6.

    p is the chance that as many acts, thrown on the 24 hours of the day at
    random, leave so long a run of hours empty (Stevens 1939). No time zone is
    needed. Acts of one hour count once.
    """
    times = history.events.time
    recent = times[times >= times[-1] - _WEEK] if len(times) else times
    if len(recent) < MIN_WEEK_EVENTS:
        return insufficient("NIGHT_REST", len(recent), span(recent))
    hours = set((recent // _HOUR).astype(np.int64).tolist())
    run = _longest_empty_run({hour % _DAY for hour in hours})
    p = _chance_of_run(run, len(hours))
    value = -log10(min(1.0, max(p, _LEAST_P)))
    return spoken("NIGHT_REST", value, len(recent), span(recent))


def _rhythmic(events: Events) -> bool:
    """Whether there are gaps enough, and any time at all between them."""
    return len(events.gaps) >= MIN_GAPS and bool(events.time[-1] > events.time[0])


def _rate(events: Events) -> float:
    """Acts a second over the span of *events*."""
    return len(events) / float(events.time[-1] - events.time[0])


def _longest_empty_run(taken: set[int]) -> int:
    longest = run = 0
    for hour in range(2 * _DAY):
        run = 0 if hour % _DAY in taken else run + 1
        longest = max(longest, run)
    return longest


def _chance_of_run(run: int, points: int) -> float:
    """Chance that *points* points on a circle leave an arc of *run* 24ths empty."""
    if run == 0:
        return 1.0
    share = run / _DAY
    chance = 0.0
    for j in range(1, min(points, int(1 / share)) + 1):
        chance -= (-1.0) ** j * comb(points, j) * (1 - j * share) ** (points - 1)
    return chance
