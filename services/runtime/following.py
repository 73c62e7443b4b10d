"""Streams of what changes: told at once, with signs of life, to the end of the process.

Where a follower is, and how its cursor is sealed, is for the caller to know.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from services.runtime.bell import Bell
from services.runtime.calls import Shutdown

PAGE = 500
"""What a look finds at most; after a full page the next look is at once."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between looks for what others wrote, and between signs of life."""

    poll: float = 0.5
    heartbeat: float = 5.0
    gather: float = 0.0
    """After news, how long more gathers: or each write would be told by itself."""


class Following:
    """Wakes the streams of a process when something was written, or it ends."""

    def __init__(self, bell: Bell, shutdown: Shutdown, pace: Pace = Pace()) -> None:
        self._bell = bell
        self._shutdown = shutdown
        self._pace = pace

    async def follow(
        self, look: Callable[[], Awaitable[Sequence[T]]], *, once: bool
    ) -> AsyncIterator[Sequence[T]]:
        """Yield what *look* finds until the process stops; nothing is a heartbeat.

        *look* returns up to PAGE items after the last that it returned, which the
        caller sees to before it asks for more. The first answer comes at once, also
        where there is no news. With *once*, end where nothing more is to be told.
        """
        spoke = -self._pace.heartbeat
        while True:
            rung = self._bell.next
            found = await look()
            quiet = time.monotonic() - spoke >= self._pace.heartbeat
            last = (once and len(found) < PAGE) or self._shutdown.is_set()
            if found or quiet or last:
                yield found
                spoke = time.monotonic()
            if last:
                return
            if not found:
                await self._wait(rung)
            elif len(found) < PAGE:
                await asyncio.sleep(self._pace.gather)

    async def _wait(self, rung: asyncio.Event) -> None:
        """Wait for a change here, for the next look elsewhere, or for the end."""
        waits = [
            asyncio.create_task(Bell.wait_for(rung, self._pace.poll)),
            asyncio.create_task(self._shutdown.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
