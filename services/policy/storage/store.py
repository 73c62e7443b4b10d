"""The database of policy: each method is one transaction."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection

from services.policy.domain.times import to_us
from services.policy.storage import counters, cursors, erasures
from services.policy.storage.effects import Effects, write_effects
from services.policy.storage.ledgers import Ledger, Ledgers
from services.policy.storage.requests import ANSWERS
from services.runtime.clock import Clock
from services.runtime.database import Database
from services.runtime.requests import Request

T = TypeVar("T")


Transaction = Connection
"""What is read and written together."""

Plan = Callable[[Ledger], Effects | None]
"""Pure: it may run several times. None: nothing is to be written."""


class Store:
    """Reads snapshots and writes changes; what it returned is durable."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Take the time of leases from *clock*: the machine's, also in a replay."""
        self._database = database
        self._clock = clock
        self._ledgers = Ledgers()

    async def begin(self) -> None:
        """Prepare a new database; nothing is done to one that was prepared."""
        await self._database.write(counters.begin_epoch)

    async def read(self, fn: Callable[[Connection], T]) -> T:
        """Run *fn* on one snapshot."""
        return await self._database.read(fn)

    async def write(self, fn: Callable[[Connection], T]) -> T:
        """Run *fn* in a transaction in which it may number changes."""

        def run(connection: Connection) -> T:
            counters.take_turn(connection)
            return fn(connection)

        return await self._database.write(run)

    async def append(self, fn: Callable[[Connection], T]) -> T:
        """Run *fn* in a transaction that numbers nothing, so it waits for nobody."""
        return await self._database.write(fn)

    async def ledger(self, account: str) -> Ledger:
        """Return what is on record about *account*."""
        return await self.read(lambda c: self._ledgers.load(c, account))

    async def ledgers(self, accounts: Collection[str]) -> dict[str, Ledger]:
        """Return what is on record about each of *accounts*, in one read."""
        return await self.read(lambda c: self.ledgers_within(c, accounts))

    def ledgers_within(
        self, connection: Connection, accounts: Collection[str]
    ) -> dict[str, Ledger]:
        """Return what is on record about each of *accounts*, inside a transaction."""
        return self._ledgers.load_many(connection, accounts)

    def ledger_within(self, connection: Connection, account: str) -> Ledger:
        """Return what is on record about *account*, inside a transaction."""
        return self._ledgers.load(connection, account)

    async def change(self, account: str, plan: Plan) -> Effects | None:
        """Do what *plan* makes of the ledger as it is when written."""
        return await self.write(lambda c: self.change_within(c, account, plan))

    def change_within(
        self, connection: Connection, account: str, plan: Plan
    ) -> Effects | None:
        """Do so inside a transaction that writes more than this."""
        ledger = self._ledgers.load(connection, account)
        effects = plan(ledger)
        if effects is not None:
            write_effects(connection, ledger, effects)
        return effects

    async def erase(self, account: str, now: datetime) -> None:
        """Erase all that is on record about *account*; again: nothing."""
        await self.write(lambda c: erasures.erase(c, account, now))
        self._ledgers.forget(account)

    async def acquire(
        self, name: str, owner: str, lasts: timedelta
    ) -> cursors.Lease | None:
        """Take a lease if nobody else holds it."""
        now = self._clock.now()
        return await self._database.write(
            lambda c: cursors.acquire(c, name, owner, now, lasts)
        )

    async def renew(self, lease: cursors.Lease, lasts: timedelta, cursor: str) -> None:
        """Keep a lease and store a cursor under it. Raises LeaseLost."""
        now = self._clock.now()
        await self._database.write(
            lambda c: cursors.renew(c, lease, now, lasts, cursor)
        )

    async def release(self, lease: cursors.Lease) -> None:
        """Give a lease back."""
        await self._database.write(lambda c: cursors.release(c, lease))

    async def first_answer(self, request: Request) -> bytes | None:
        """Return the first answer to *request*, or None. Raises RequestIdReused."""
        return await self.read(lambda c: ANSWERS.get(c, request))

    async def once(
        self,
        request: Request,
        work: Callable[[Connection], bytes],
        now: datetime,
    ) -> bytes:
        """Do *work* and keep its answer, or return the first answer to *request*."""

        def run(connection: Connection) -> bytes:
            first = ANSWERS.get(connection, request)
            if first is not None:
                return first
            answer = work(connection)
            ANSWERS.keep(connection, request, answer, to_us(now))
            return answer

        return await self.write(run)
