"""One replica at a time does each piece of background work."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol

import structlog

from services.policy.storage.cursors import Lease, LeaseLost
from services.runtime.errors import CursorEpochChanged, CursorInvalid, ServiceError

log = structlog.get_logger()

RENEWALS = 3  # signs of life a lease lasts for
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 30.0


class Leases(Protocol):
    """Where leases are kept."""

    async def acquire(
        self, name: str, owner: str, lasts: timedelta
    ) -> Lease | None: ...

    async def renew(self, lease: Lease, lasts: timedelta, cursor: str) -> None: ...

    async def release(self, lease: Lease) -> None: ...


class Held:
    """A lease that is held now, and the cursor that goes with it."""

    def __init__(self, leases: Leases, lease: Lease, lasts: timedelta) -> None:
        self.cursor = lease.cursor
        self._leases = leases
        self._lease = lease
        self._lasts = lasts

    async def store(self, cursor: str) -> None:
        """Store how far the work is. Raises LeaseLost."""
        await self._leases.renew(self._lease, self._lasts, cursor)
        self.cursor = cursor

    async def keep(self) -> None:
        """Give signs of life until cancelled. Raises LeaseLost."""
        while True:
            await asyncio.sleep(self._lasts.total_seconds() / RENEWALS)
            await self.store(self.cursor)


class Leader:
    """Does *work* while it holds the lease *name*, and gets it back when lost."""

    def __init__(
        self,
        leases: Leases,
        name: str,
        owner: str,
        lasts: timedelta,
        leads: Callable[[bool], None] = lambda _: None,
    ) -> None:
        """Have *leads* called as the lease comes and goes."""
        self._leads = leads
        self._leases = leases
        self._name = name
        self._owner = owner
        self._lasts = lasts

    async def run(self, work: Callable[[Held], Awaitable[None]]) -> None:
        """Run until cancelled; what fails is tried again, ever more slowly."""
        pause = FIRST_PAUSE
        while True:
            try:
                if await self._once(work):
                    pause = FIRST_PAUSE
            except LeaseLost:
                log.info("lease lost", lease=self._name)
            except ServiceError as error:
                log.warning("work interrupted", lease=self._name, reason=error.reason)
                pause = min(2 * pause, LONGEST_PAUSE)
            # Jitter, or replicas that failed together return together.
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311

    async def _once(self, work: Callable[[Held], Awaitable[None]]) -> bool:
        """Do the work if the lease is free; say whether it was done to an end."""
        lease = await self._leases.acquire(self._name, self._owner, self._lasts)
        if lease is None:
            return False
        self._leads(True)
        held = Held(self._leases, lease, self._lasts)
        keeping = asyncio.create_task(held.keep())
        working = asyncio.ensure_future(work(held))
        try:
            await asyncio.wait({keeping, working}, return_when=asyncio.FIRST_COMPLETED)
            for task in (keeping, working):
                if task.done():
                    task.result()
        except (CursorEpochChanged, CursorInvalid) as error:
            # What is followed was restored, or the key that sealed it is gone.
            log.warning("starting over", lease=self._name, reason=error.reason)
            await held.store("")
        finally:
            for task in (keeping, working):
                task.cancel()
            await asyncio.gather(keeping, working, return_exceptions=True)
            self._leads(False)
            with contextlib.suppress(ServiceError):
                await self._leases.release(lease)
        return True
