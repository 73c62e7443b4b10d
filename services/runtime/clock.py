"""What time it is: one answer for the whole process, injected everywhere."""

from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Protocol

CALLER_TIME: ContextVar[datetime | None] = ContextVar("caller_time", default=None)


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        return datetime.now(UTC)


class CallerClock:
    """The time that callers say it is, for replay of recorded input.

    The largest time any call has brought: it never goes backwards, and
    background work, which no call brings a time to, follows it.
    """

    def __init__(self, start: datetime = datetime(1970, 1, 1, tzinfo=UTC)) -> None:
        self._latest = start

    def now(self) -> datetime:
        """Return the largest time seen."""
        said = CALLER_TIME.get()
        if said is not None and said > self._latest:
            self._latest = said
        return self._latest
