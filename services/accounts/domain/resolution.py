"""How finely timestamps resolve, which limits what timing can say."""

import numpy as np
from numpy.typing import NDArray

_STEPS = (  # seconds, microseconds
    (3600.0, 3_600_000_000),
    (60.0, 60_000_000),
    (1.0, 1_000_000),
    (1e-3, 1_000),
)


def resolution_seconds(times_us: NDArray[np.int64]) -> float:
    """Coarsest step that all of *times_us* fall on: 3600, 60, 1, .001 or 1e-6.

    With under four events a coarse step may be chance: then at most 1 s is
    claimed.
    """
    for seconds, step in _STEPS:
        if seconds > 1 and len(times_us) < 4:
            continue
        if not np.count_nonzero(times_us % step):
            return seconds
    return 1e-6
