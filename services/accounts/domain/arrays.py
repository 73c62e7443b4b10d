"""What columns of numbers are made of."""

from collections.abc import Collection
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]


def one_of(types: Collection[int]) -> Bools:
    """Table by number (up to 255) that says which are among *types*."""
    table: Bools = np.zeros(256, dtype=np.bool_)
    table[list(types)] = True
    return table


def counts(values: Bytes, size: int) -> list[int]:
    """How often each number below *size* occurs among *values*."""
    found: list[int] = np.bincount(values, minlength=size).tolist()
    return found


def span(times: Floats) -> timedelta:
    """Time from the first to the last of sorted *times*, in whole seconds."""
    return timedelta(seconds=int(times[-1] - times[0]) if len(times) else 0)
