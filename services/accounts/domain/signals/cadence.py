"""The rhythm of gaps between events. References: docs/behaviour.md, 1-3."""

from math import sqrt

import numpy as np

from services.accounts.domain.evidence import Signal
from services.accounts.domain.history import Floats, History, Ints
from services.accounts.domain.signals.made import insufficient, not_applicable, spoken
from services.accounts.domain.signals.resolution import resolution_seconds

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
    gaps, times = _gaps(history)
    if len(gaps) < MIN_GAPS:
        return insufficient("GAP_VARIATION", len(gaps), times)
    mean = gaps.mean()
    value = gaps.std() / mean if mean > 0 else 0.0
    return spoken("GAP_VARIATION", value, len(gaps), times)


def burstiness(history: History) -> Signal:
    """Burstiness corrected for finite n, in [-1, 1] (Kim and Jo 2016, eq. 22)."""
    gaps, times = _gaps(history)
    n = len(gaps)
    if n < MIN_GAPS:
        return insufficient("BURSTINESS", n, times)
    mean = gaps.mean()
    ratio = gaps.std() / mean if mean > 0 else 0.0
    over, under = sqrt(n + 1), sqrt(n - 1)
    value = (over * ratio - under) / ((over - 2) * ratio + under)
    return spoken("BURSTINESS", value, n, times)


def memory(history: History) -> Signal:
    """Correlation of neighbouring log gaps, in [-1, 1] (Goh and Barabasi 2008)."""
    gaps, times = _gaps(history)
    if len(gaps) < MIN_PAIRS:
        return insufficient("MEMORY", len(gaps), times)
    logs = np.log1p(gaps)
    head, tail = logs[:-1] - logs[:-1].mean(), logs[1:] - logs[1:].mean()
    scale = sqrt(float(head @ head) * float(tail @ tail))
    value = float(head @ tail) / scale if scale > 0 else 1.0
    return spoken("MEMORY", value, len(gaps), times)


def conditional_entropy(history: History) -> Signal:
    """Corrected conditional entropy of log gaps in nats; low = a machine's habit.

    CCE = H(2) - H(1) + u H(1), u the share of pairs seen once (Gianvecchio and
    Wang 2007), over 14 bins of log10(gap + 1) in [0, 7].
    """
    gaps, times = _gaps(history)
    if len(gaps) < MIN_PAIRS:
        return insufficient("CONDITIONAL_ENTROPY", len(gaps), times)
    bins = np.minimum(
        np.log10(gaps + 1) * (_LOG_BINS / _LOG_TOP), _LOG_BINS - 1
    ).astype(np.int64)
    pairs = np.bincount(bins[:-1] * _LOG_BINS + bins[1:])
    single = _entropy(np.bincount(bins))
    unique = float((pairs == 1).sum()) / (len(gaps) - 1)
    value = _entropy(pairs) - single + unique * single
    return spoken("CONDITIONAL_ENTROPY", value, len(gaps), times)


def modal_gap_share(history: History) -> Signal:
    """Share of gaps in the commonest bin of 5 s, in [0, 1]; a timer gives 1."""
    gaps, times = _gaps(history)
    if len(gaps) < MIN_PAIRS:
        return insufficient("MODAL_GAP_SHARE", len(gaps), times)
    if resolution_seconds(history.events.time_us) > MODAL_BIN_SECONDS:
        return not_applicable("MODAL_GAP_SHARE", len(gaps), times)
    _, counts = np.unique(np.rint(gaps / MODAL_BIN_SECONDS), return_counts=True)
    return spoken("MODAL_GAP_SHARE", counts.max() / len(gaps), len(gaps), times)


def burst_share(history: History) -> Signal:
    """Share of gaps under 10 s, in [0, 1] (Moltbook Observatory 2026)."""
    gaps, times = _gaps(history)
    if len(gaps) < MIN_GAPS:
        return insufficient("BURST_SHARE", len(gaps), times)
    if resolution_seconds(history.events.time_us) > BURST_SECONDS:
        return not_applicable("BURST_SHARE", len(gaps), times)
    return spoken("BURST_SHARE", (gaps < BURST_SECONDS).mean(), len(gaps), times)


def _gaps(history: History) -> tuple[Floats, Floats]:
    times = history.events.time
    return np.diff(times), times


def _entropy(counts: Ints) -> float:
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())
