"""How far the scores of a language moved: the population stability index."""

import math
from collections import deque
from collections.abc import Sequence

BINS = 10
WINDOW = 2_000
"""Texts that make up what is said now."""
BEFORE = 10
"""Windows before it that it is held against."""


def stability_index(now: Sequence[float], then: Sequence[float]) -> float:
    """Return the PSI of two histograms: 0 alike, above 0.25 another population.

    Half a count is added to each bin, so that an empty one is no infinity.
    """
    half = 0.5
    total_now = sum(now) + half * len(now)
    total_then = sum(then) + half * len(then)
    pairs = [
        ((a + half) / total_now, (b + half) / total_then)
        for a, b in zip(now, then, strict=True)
    ]
    return math.fsum((p - q) * math.log(p / q) for p, q in pairs)


class Drift:
    """Probabilities of one language, by tenths, in windows of equal size."""

    def __init__(self, reference: Sequence[float] = (), window: int = WINDOW) -> None:
        """Hold them also against *reference*, the share of texts in each tenth."""
        self._reference = [share * window * BEFORE for share in reference]
        self._window = window
        self._filling = [0] * BINS
        self._full: deque[list[int]] = deque(maxlen=BEFORE + 1)

    def add(self, probability: float) -> bool:
        """Count one; say whether that filled a window."""
        self._filling[min(int(probability * BINS), BINS - 1)] += 1
        if sum(self._filling) < self._window:
            return False
        self._full.append(self._filling)
        self._filling = [0] * BINS
        return True

    def from_reference(self) -> float | None:
        """Return the PSI of the last full window and the reference."""
        if not self._reference or not self._full:
            return None
        return stability_index(self._full[-1], self._reference)

    def from_before(self) -> float | None:
        """Return the PSI of the last full window and those before it."""
        if len(self._full) < 2:
            return None
        *before, now = self._full
        then = [sum(counts) for counts in zip(*before, strict=True)]
        return stability_index(now, then)
