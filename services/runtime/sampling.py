"""Gauges of what only the database knows: looked up now and then, not when scraped.

A scrape that had to wait for a database that is away would lose every other
metric just when they are needed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog
from prometheus_client import CollectorRegistry, Gauge

from services.runtime.errors import ServiceError

log = structlog.get_logger()

EVERY = 15.0
"""Seconds between two looks."""


class Sampler:
    """Looks every so often, and says when it last could."""

    def __init__(
        self,
        service: str,
        look: Callable[[], Awaitable[None]],
        registry: CollectorRegistry,
        every: float = EVERY,
    ) -> None:
        """Have *look* set gauges of *service*; it may raise ServiceErrors."""
        self._service = service
        self._look = look
        self._every = every
        self._running: asyncio.Task[None] | None = None
        self._sampled = Gauge(
            f"{service}_sampled_timestamp_seconds",
            "When gauges of the database were last looked up, seconds since 1970.",
            registry=registry,
        )

    def start(self) -> None:
        """Begin; what fails is tried again."""
        self._running = asyncio.create_task(self._run(), name="sampling")

    async def stop(self) -> None:
        """End, if it was begun."""
        if self._running is not None:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running

    async def sample(self) -> None:
        """Look once."""
        try:
            await self._look()
        except ServiceError as error:
            log.warning("not sampled", service=self._service, reason=error.reason)
            return
        self._sampled.set_to_current_time()

    async def _run(self) -> None:
        while True:
            await self.sample()
            await asyncio.sleep(self._every)
