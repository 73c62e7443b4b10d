"""Which of the texts that wait run together next. Pure; `batching` has the clock."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

# What a text costs beside its characters, in characters.
OVERHEAD = 64


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may run together, and how much may wait.

    `max_linger` is how long, in seconds, a text may wait for company while the
    model is idle; `max_delay` how long it may wait for a busy one. A batch
    counts as its longest text times its size, since that is what runs.
    """

    max_batch_texts: int = 32
    max_batch_chars: int = 16_384
    max_queue_texts: int = 4_096
    max_linger: float = 0.002
    max_delay: float = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """What the plan knows of a text in the queue.

    Times are seconds on one monotonic clock; *deadline* is `inf` for callers
    who wait for ever.
    """

    size: int
    arrive_time: float
    deadline: float = math.inf


W = TypeVar("W", bound=Waiting)


@dataclass(frozen=True, slots=True)
class Plan(Generic[W]):
    """What to run now, what to drop, and when to plan again if nothing runs."""

    batch: tuple[W, ...]
    expired: tuple[W, ...]
    wait_until: float


class Lane(Generic[W]):
    """The next batch of texts of like length, as it fills."""

    def __init__(self) -> None:
        self.batch: list[W] = []
        self.full = False
        self._longest = 0

    def add(self, entry: W, limits: Limits) -> None:
        """Take *entry* unless there is no room; then nobody later gets in either."""
        longest = max(self._longest, entry.size)
        crowded = longest * (len(self.batch) + 1) > limits.max_batch_chars
        if self.full or (self.batch and crowded):
            self.full = True
            return
        self.batch.append(entry)
        self._longest = longest
        self.full = len(self.batch) == limits.max_batch_texts


def bucket(size: int) -> int:
    """Name the lane of a text: one lane's differ by a factor of two at most."""
    return max(size, OVERHEAD).bit_length()


def plan(queue: Sequence[W], now: float, limits: Limits) -> Plan[W]:
    """Choose what runs next out of *queue*, oldest first.

    A batch holds texts of like length, so that little of it is padding. It is
    the lane of whoever waited longest, once they waited `max_linger`; or any
    lane that is full before. Hence nobody is overtaken for ever.
    """
    expired = tuple(entry for entry in queue if entry.deadline <= now)
    lanes: dict[int, Lane[W]] = {}
    for entry in queue:
        if entry.deadline > now:
            lanes.setdefault(bucket(entry.size), Lane()).add(entry, limits)
    if not lanes:
        return Plan((), expired, math.inf)
    oldest = next(iter(lanes.values()))  # lanes are in order of their first text
    due = oldest.batch[0].arrive_time + limits.max_linger
    ready = oldest if due <= now else next((x for x in lanes.values() if x.full), None)
    return Plan(tuple(ready.batch) if ready else (), expired, due)
