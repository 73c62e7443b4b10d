"""What all accounts did within a window of days, in columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
SECOND = 1_000_000
DAY = 86_400 * SECOND


@dataclass(frozen=True, slots=True)
class Setting:
    """When accounts count as acting together; times in seconds.

    Two accounts match where both did the same to one object within `window`,
    or wrote nearly the same within `text_window`. Objects with more than
    `max_actors` accounts say nothing; an act is compared with at most
    `neighbours` acts before it. A pair needs `min_objects` matched objects, on
    `min_days` days unless it also shares a text. `shift` bounds the shifts of
    the null, over `replicates` of it; `bins` is how many windows either side
    of no lag an account's own lags are counted over.
    """

    window: int = 60
    text_window: int = 600
    max_actors: int = 1_000
    neighbours: int = 50
    min_objects: int = 3
    min_days: int = 2
    likeness: float = 0.8
    shift: tuple[int, int] = (600, 7_200)
    replicates: int = 5
    bins: int = 360
    min_ratio: float = 20.0
    max_p: float = 0.01
    seed: int = 20_260_310


SHIPPED = Setting()


@dataclass(frozen=True, slots=True)
class Acts:
    """Acts on objects, in order of account and time.

    `account` is a number, `object` a hash in [0, 2**62), `time` microseconds
    from 1970.
    """

    account: Ints
    object: Ints
    time: Ints

    def __len__(self) -> int:
        """Count the acts."""
        return len(self.account)

    @classmethod
    def of(cls, rows: Sequence[tuple[int, int, int]]) -> Self:
        """Make columns of (account, object, time)."""
        table = np.array(rows, dtype=np.int64).reshape(-1, 3)
        return cls(table[:, 0], table[:, 1], table[:, 2])

    def where(self, chosen: NDArray[np.intp] | Bools) -> "Acts":
        """Only the *chosen* acts, in that order."""
        return Acts(self.account[chosen], self.object[chosen], self.time[chosen])

    def by(self, account: int) -> "Acts":
        """Acts of one account."""
        begin, end = np.searchsorted(self.account, (account, account + 1))
        found = slice(begin, end)
        return Acts(self.account[found], self.object[found], self.time[found])

    def shifted(self, shifts: Ints) -> "Acts":
        """Each account's acts later by its own shift."""
        return Acts(self.account, self.object, self.time + shifts[self.account])


@dataclass(frozen=True, slots=True)
class Seen:
    """All that is compared: `accounts` are names, by number.

    `texts` are acts whose object is the row of their sketch in `sketches`,
    `devices` and `networks` acts whose object is what they were done on;
    `events` counts everything that an account did.
    """

    accounts: Sequence[str]
    events: Ints
    acts: Acts
    texts: Acts
    sketches: NDArray[np.uint8]
    devices: Acts
    networks: Acts
