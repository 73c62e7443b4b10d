"""Numbers of short arrays, for less than numpy's own functions take to start.

A window has at most 128 events. At that size most of the time of `ndarray.std`,
`np.quantile` or `np.unique` goes into arguments that nobody gives here. What
these return is what those return, bit for bit.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def count(chosen: NDArray[Any]) -> int:
    """How many of *chosen* are not zero."""
    return int(np.count_nonzero(chosen))


def total(values: NDArray[Any]) -> float:
    """Sum of *values*."""
    return float(np.add.reduce(values))


def mean(values: Floats) -> float:
    """Arithmetic mean of *values*, which must not be empty."""
    return float(np.add.reduce(values)) / len(values)


def deviation(values: Floats) -> float:
    """Standard deviation of *values*, taken as the whole population."""
    return sqrt(variance(values))


def variance(values: Floats) -> float:
    """Variance of *values*, taken as the whole population."""
    apart = values - mean(values)
    return mean(apart * apart)


def quantile(ordered: Sequence[float], rank: float) -> float:
    """Value at *rank* in [0, 1] of sorted values, between two of them if need be."""
    place = rank * (len(ordered) - 1)
    below = int(place)
    low = ordered[below]
    if below + 1 == len(ordered):
        return low
    high, share = ordered[below + 1], place - below
    # From whichever end is nearer, as numpy does.
    if share >= 0.5:
        return high - (high - low) * (1 - share)
    return low + (high - low) * share


def commonest(values: Iterable[Hashable]) -> int:
    """How often the commonest of *values* occurs; there must be one."""
    return max(Counter(values).values())


def entropy(counts: NDArray[np.int64]) -> float:
    """Entropy in nats of the shares that *counts* are."""
    shares = counts[counts > 0] / np.add.reduce(counts)
    return -total(shares * np.log(shares))
