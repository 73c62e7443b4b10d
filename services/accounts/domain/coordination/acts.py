"""What all accounts did within a window of days, in columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from services.accounts.domain.fingerprints import SKETCH_BYTES, content_key

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


class Glimpse(NamedTuple):
    """The little of an activity that is compared; numbers are `number_of` ids.

    0 = nothing: no object, no device or no network is known.
    """

    object: int
    device: int
    network: int


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


def number_of(identifier: str) -> int:
    """Return a number in [1, 2**62) that stands for an id."""
    return int.from_bytes(content_key(identifier)) >> 2 or 1


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


class Collected:
    """Gathers what accounts did, one account after the other, oldest first."""

    def __init__(self) -> None:
        self._accounts: list[str] = []
        self._events: list[int] = []
        self._acts: list[tuple[int, int, int]] = []
        self._texts: list[tuple[int, int, int]] = []
        self._devices: set[tuple[int, int, int]] = set()
        self._networks: set[tuple[int, int, int]] = set()
        self._sketches: list[bytes] = []

    def add(self, account: str, time_us: int, seen: Glimpse, sketch: bytes) -> None:
        """Add one activity of the account that was added last, or of the next."""
        if not self._accounts or self._accounts[-1] != account:
            self._accounts.append(account)
            self._events.append(0)
        number = len(self._accounts) - 1
        self._events[number] += 1
        if seen.object:
            self._acts.append((number, seen.object, time_us))
        if sketch:
            self._texts.append((number, len(self._sketches), time_us))
            self._sketches.append(sketch)
        if seen.device:
            self._devices.add((number, seen.device, 0))
        if seen.network:
            self._networks.add((number, seen.network, 0))

    def seen(self) -> Seen:
        """Return all of it in columns."""
        sketches = np.frombuffer(b"".join(self._sketches), np.uint8)
        return Seen(
            self._accounts,
            np.array(self._events, dtype=np.int64),
            Acts.of(self._acts),
            Acts.of(self._texts),
            sketches.reshape(-1, SKETCH_BYTES),
            Acts.of(sorted(self._devices)),
            Acts.of(sorted(self._networks)),
        )
