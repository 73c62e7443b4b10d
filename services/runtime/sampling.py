"""Gauges of what only the database knows: looked up now and then, not when scraped.

A scrape that had to wait for a database that is away would lose every other
metric just when they are needed.
"""

import asyncio
from collections.abc import Awaitable, Callable

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
        self._sampled = Gauge(
            f"{service}_sampled_timestamp_seconds",
            "When gauges of the database were last looked up, seconds since 1970.",
            registry=registry,
        )

    async def sample(self) -> None:
        """Look once."""
        try:
            await self._look()
        except ServiceError as error:
            log.warning("not sampled", service=self._service, reason=error.reason)
            return
        self._sampled.set_to_current_time()

    async def run(self) -> None:
        """Look until cancelled; a database that is away is asked again."""
        while True:
            await self.sample()
            await asyncio.sleep(self._every)
