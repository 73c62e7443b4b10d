"""Seconds and minutes that are too even or too uneven (Zhang and Paxson 2011)."""

from math import log10

import numpy as np
from scipy.special import chdtr, chdtrc

from services.accounts.domain.arrays import Ints
from services.accounts.domain.evidence import Signal
from services.accounts.domain.history import History
from services.accounts.domain.moments import total
from services.accounts.domain.signals.made import insufficient, not_applicable, spoken

MIN_EVENTS = 60
_SECOND_US = 1_000_000
_MINUTE_US = 60 * _SECOND_US
_CEILING = 30.0


def second_of_minute(history: History) -> Signal:
    """How odd the seconds of the minute are: see `_oddness`."""
    events = history.events
    if events.resolution > 1:
        return not_applicable("SECOND_OF_MINUTE", len(events), events.span)
    if len(events) < MIN_EVENTS:
        return insufficient("SECOND_OF_MINUTE", len(events), events.span)
    value = _oddness(events.time_us // _SECOND_US % 60)
    return spoken("SECOND_OF_MINUTE", value, len(events), events.span)


def minute_of_hour(history: History) -> Signal:
    """How odd the minutes of the hour are: see `_oddness`."""
    events = history.events
    if events.resolution > 60:
        return not_applicable("MINUTE_OF_HOUR", len(events), events.span)
    # Several acts of one sitting share a minute; only its first counts.
    minutes = np.array(list(set((events.time_us // _MINUTE_US).tolist())))
    if len(minutes) < MIN_EVENTS:
        return insufficient("MINUTE_OF_HOUR", len(minutes), events.span)
    value = _oddness(minutes % 60)
    return spoken("MINUTE_OF_HOUR", value, len(minutes), events.span)


def _oddness(values: Ints) -> float:
    """Signed -log10 of a two-sided p: above 0 too uneven, below 0 too even.

    Six bins of ten keep ten expected a bin at the least support, where the
    chi-square approximation holds; sixty bins would not.
    """
    counts = np.bincount(values // 10, minlength=6)
    expected = len(values) / 6
    statistic = total((counts - expected) ** 2) / expected
    uneven, even = float(chdtrc(5, statistic)), float(chdtr(5, statistic))
    p = min(1.0, 2 * min(uneven, even))
    size = min(_CEILING, -log10(max(p, 10**-_CEILING)))
    return size if uneven <= even else -size
