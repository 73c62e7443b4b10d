"""Wakes whoever waits in this process: what was written is told at once."""

import asyncio


class Bell:
    """Rings for all who wait; nobody waiting, nothing happens."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake all who wait."""
        self._rung.set()
        self._rung = asyncio.Event()

    @property
    def next(self) -> asyncio.Event:
        """What the next ring sets: take it before looking, wait for it after."""
        return self._rung

    async def wait(self, seconds: float) -> None:
        """Wait for the next ring, at most *seconds*."""
        await self.wait_for(self._rung, seconds)

    @staticmethod
    async def wait_for(rung: asyncio.Event, seconds: float) -> None:
        """Wait for a ring taken as `next`, at most *seconds*."""
        try:
            async with asyncio.timeout(seconds):
                await rung.wait()
        except TimeoutError:
            return
