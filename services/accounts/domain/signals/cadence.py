"""The rhythm of gaps between events. References: docs/behaviour.md, 1-3."""

from math import sqrt

import numpy as np

from services.accounts.domain.events import Events
from services.accounts.domain.evidence import Signal
from services.accounts.domain.history import History
from services.accounts.domain.moments import (
    commonest,
    count,
    deviation,
    entropy,
    mean,
)
from services.accounts.domain.signals.made import insufficient, not_applicable, spoken

MIN_GAPS = 7
MIN_PAIRS = 19
MODAL_BIN_SECONDS = 5.0
BURST_SECONDS = 10.0
_LOG_BINS = 14
_LOG_TOP = 7.0


def gap_variation(history: History) -> Signal:
    """Coefficient of variation of gaps; a timer gives 0, a Poisson process 1.

    Li 2026 reads below .5 as an autonomous cadence.
    """
    events = history.events
    n = len(events.gaps)
    if n < MIN_GAPS:
        return insufficient("GAP_VARIATION", n, events.span)
    return spoken("GAP_VARIATION", _variation(events), n, events.span)


def burstiness(history: History) -> Signal:
    """Burstiness corrected for finite n, in [-1, 1] (Kim and Jo 2016, eq. 22)."""
    events = history.events
    n = len(events.gaps)
    if n < MIN_GAPS:
        return insufficient("BURSTINESS", n, events.span)
    ratio = _variation(events)
    over, under = sqrt(n + 1), sqrt(n - 1)
    value = (over * ratio - under) / ((over - 2) * ratio + under)
    return spoken("BURSTINESS", value, n, events.span)


def memory(history: History) -> Signal:
    """Correlation of neighbouring log gaps, in [-1, 1] (Goh and Barabasi 2008)."""
    events = history.events
    n = len(events.gaps)
    if n < MIN_PAIRS:
        return insufficient("MEMORY", n, events.span)
    logs = np.log1p(events.gaps)
    head, tail = logs[:-1] - mean(logs[:-1]), logs[1:] - mean(logs[1:])
    scale = sqrt(float(head @ head) * float(tail @ tail))
    value = float(head @ tail) / scale if scale > 0 else 1.0
    return spoken("MEMORY", value, n, events.span)


def conditional_entropy(history: History) -> Signal:
    """Corrected conditional entropy of log gaps in nats; low = a machine's habit.

    CCE = H(2) - H(1) + u H(1), u the share of pairs seen once (Gianvecchio and
    Wang 2007), over 14 bins of log10(gap + 1) in [0, 7].
    """
    events = history.events
    gaps, n = events.gaps, len(events.gaps)
    if n < MIN_PAIRS:
        return insufficient("CONDITIONAL_ENTROPY", n, events.span)
    bins = np.minimum(
        np.log10(gaps + 1) * (_LOG_BINS / _LOG_TOP), _LOG_BINS - 1
    ).astype(np.int64)
    pairs = np.bincount(bins[:-1] * _LOG_BINS + bins[1:])
    single = entropy(np.bincount(bins))
    unique = count(pairs == 1) / (n - 1)
    value = entropy(pairs) - single + unique * single
    return spoken("CONDITIONAL_ENTROPY", value, n, events.span)


def modal_gap_share(history: History) -> Signal:
    """Share of gaps in the commonest bin of 5 s, in [0, 1]; a timer gives 1."""
    events = history.events
    n = len(events.gaps)
    if n < MIN_PAIRS:
        return insufficient("MODAL_GAP_SHARE", n, events.span)
    if events.resolution > MODAL_BIN_SECONDS:
        return not_applicable("MODAL_GAP_SHARE", n, events.span)
    most = commonest(np.rint(events.gaps / MODAL_BIN_SECONDS).tolist())
    return spoken("MODAL_GAP_SHARE", most / n, n, events.span)


def burst_share(history: History) -> Signal:
    """Share of gaps under 10 s, in [0, 1] (Moltbook Observatory 2026)."""
    events = history.events
    n = len(events.gaps)
    if n < MIN_GAPS:
        return insufficient("BURST_SHARE", n, events.span)
    if events.resolution > BURST_SECONDS:
        return not_applicable("BURST_SHARE", n, events.span)
    short = count(events.gaps < BURST_SECONDS)
    return spoken("BURST_SHARE", short / n, n, events.span)


def _variation(events: Events) -> float:
    average = mean(events.gaps)
    return deviation(events.gaps) / average if average > 0 else 0.0
