"""Which cursor of a feed may be stored: pure bookkeeping, no clock and no I/O."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Batch:
    """One message of a feed, and which of its accounts are not judged yet."""

    number: int
    cursor: str
    time: float
    waiting: set[str] = field(default_factory=set)


class Progress:
    """Follows how far everything that was told is also judged.

    A cursor may be stored once every account told up to it was judged on what was
    told, or on something later.
    """

    def __init__(self, cursor: str) -> None:
        self.cursor = cursor
        """The cursor that may be stored."""
        self._number = 0
        self._batches: deque[Batch] = deque()
        self._waits: dict[str, list[Batch]] = {}

    @property
    def waiting_count(self) -> int:
        """How many accounts wait to be judged."""
        return len(self._waits)

    @property
    def behind_since(self) -> float | None:
        """When the oldest message came that is not judged yet, or None."""
        return self._batches[0].time if self._batches else None

    def told(self, cursor: str, accounts: Iterable[str], time: float = 0.0) -> int:
        """Note a message that came at *time*; return its number, for `judged`."""
        self._number += 1
        batch = Batch(self._number, cursor, time, set(accounts))
        for account in batch.waiting:
            self._waits.setdefault(account, []).append(batch)
        self._batches.append(batch)
        self._advance()
        return self._number

    def judged(self, account: str, number: int) -> None:
        """Note that *account* was judged on what message *number* told, or later."""
        left = []
        for batch in self._waits.pop(account, []):
            if batch.number <= number:
                batch.waiting.discard(account)
            else:
                left.append(batch)
        if left:
            self._waits[account] = left
        self._advance()

    def _advance(self) -> None:
        while self._batches and not self._batches[0].waiting:
            self.cursor = self._batches.popleft().cursor
