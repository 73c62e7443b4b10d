"""Compares accounts with one another once in a while, on one replica at a time.

Leases run on the machine's clock, what is compared on the service's.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import structlog

from services.accounts.comparison import Compared, Comparison
from services.accounts.domain.times import to_us
from services.accounts.storage import jobs
from services.accounts.storage.comparing import Glance
from services.accounts.storage.jobs import Lease, LeaseLost
from services.runtime.bell import Bell
from services.runtime.clock import Clock, SystemClock
from services.runtime.database import Database
from services.runtime.errors import ServiceError

log = structlog.get_logger()

JOB = "comparing"
LEASE = timedelta(minutes=10)
LOOK = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Pace:
    """How often accounts are compared, and over what they did in how long."""

    every: timedelta = timedelta(hours=1)
    span: timedelta = timedelta(days=14)


class Comparing:
    """Has accounts compared when that is due and no other replica does it."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        glance: Glance,
        changed: Bell,
        pace: Pace = Pace(),  # it is frozen
    ) -> None:
        self._database = database
        self._clock = clock
        self._glance = glance
        self._changed = changed
        self._pace = pace
        self._wall = SystemClock()

    async def run(self) -> None:
        """Compare whenever it is due, the first time after a whole period."""
        await self._schedule()
        look = min(LOOK, self._pace.every / 4).total_seconds()
        while True:
            await asyncio.sleep(look)
            try:
                await self.compare(self._pace.every)
            except LeaseLost:
                log.info("lease lost", lease=JOB)
            except ServiceError as error:
                log.warning("comparing failed", reason=error.reason)

    async def compare_now(self) -> Compared | None:
        """Compare without waiting; None where another replica is at it."""
        await self._schedule()
        return await self.compare(timedelta())

    async def compare(self, period: timedelta) -> Compared | None:
        """Compare if that was not done for a *period*; None where nothing was."""
        period_us = period // timedelta(microseconds=1)
        now_us, until_us = self._lease()
        lease = await self._database.write(
            lambda tx: jobs.take(tx, JOB, now_us, until_us, period_us)
        )
        if lease is None:
            return None
        try:
            found = await self._compared(lease)
        except BaseException:
            await self._database.write(lambda tx: jobs.give_up(tx, lease))
            raise
        done_us, cursor = to_us(self._wall.now()), found.version_us
        await self._database.write(lambda tx: jobs.finish(tx, lease, done_us, cursor))
        self._changed.ring()
        log.info(
            "compared",
            accounts=found.summary.account_count,
            acts=found.summary.act_count,
            edges=found.summary.edge_count,
            null_edges=found.summary.null_edge_count,
            clusters=found.summary.cluster_count,
            changed=found.changed_count,
        )
        return found

    async def _compared(self, lease: Lease) -> Compared:
        async def hold() -> None:
            until_us = self._lease()[1]
            await self._database.write(lambda tx: jobs.hold(tx, lease, until_us))

        comparison = Comparison(self._database, self._glance, hold)
        now = self._clock.now()
        span_us = (to_us(now - self._pace.span), to_us(now))
        return await comparison.run(span_us, lease.cursor)

    async def _schedule(self) -> None:
        now_us = to_us(self._wall.now())
        await self._database.write(lambda tx: jobs.schedule(tx, JOB, now_us))

    def _lease(self) -> tuple[int, int]:
        now = self._wall.now()
        return to_us(now), to_us(now + LEASE)
