"""Forgetting an account, and handing out what is kept of it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import partial

from services.accounts.domain.times import to_us
from services.accounts.storage import erasing
from services.accounts.storage.audit import Act
from services.runtime.bell import Bell
from services.runtime.clock import Clock
from services.runtime.database import Database
from services.runtime.errors import NotFound
from services.runtime.ids import random_id

Line = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Exported:
    """Some of what is kept, and the share in [0, 1] that is out by now."""

    lines: list[Line]
    progress: float


class Erasing:
    """Erases and exports accounts; both are audited."""

    def __init__(self, database: Database, clock: Clock, changed: Bell) -> None:
        self._database = database
        self._clock = clock
        self._changed = changed

    async def erase(self, account: str, reason: str, caller: str) -> tuple[int, int]:
        """Erase *account*; return how many activities, and when in microseconds.

        The audit names the account by a hash: it proves an erasure to who
        knows the id, and tells it to nobody else.
        """
        now_us = to_us(self._clock.now())
        subject = erasing.hashed(account)
        act = Act(random_id(), caller, "EraseAccount", subject, reason)
        count = await self._database.write(
            lambda tx: erasing.erase(tx, account, act, now_us)
        )
        if count is None:
            raise NotFound("account", f"accounts/{account}")
        self._changed.ring()
        return count, now_us

    async def export(self, account: str, caller: str) -> AsyncIterator[Exported]:
        """Yield all that is kept about *account*, page by page; raise NotFound."""
        now_us = to_us(self._clock.now())
        act = Act(random_id(), caller, "ExportAccount", account)
        total = await self._database.write(
            lambda tx: erasing.export_begins(tx, account, act, now_us)
        )
        if total is None:
            raise NotFound("account", f"accounts/{account}")
        done = 0
        for kind in erasing.EXPORTED:
            async for lines in self._pages(account, kind):
                done += len(lines)
                yield Exported(lines, min(done / max(total, 1), 1.0))

    async def _pages(self, account: str, kind: str) -> AsyncIterator[list[Line]]:
        after: tuple[object, ...] = ()
        while True:
            place = after
            lines, after = await self._database.read(
                partial(erasing.exported, name=account, kind=kind, after=place)
            )
            if lines:
                yield lines
            if not after:
                return
