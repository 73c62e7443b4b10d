"""A clock for tests, which own the time."""

from datetime import datetime, timedelta


class FakeClock:
    """A clock that stands still until told otherwise."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        """Return the time last set."""
        return self._now

    def advance(self, step: timedelta) -> None:
        """Move on by *step*."""
        self._now += step

    def set(self, now: datetime) -> None:
        """Jump to *now*."""
        self._now = now
