"""Writes of this process to one part of the feed go one after the other."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

from services.accounts.storage.feed import PARTITIONS, partition_of
from services.runtime.database import Database


class Lanes:
    """A lane for each part of the change feed.

    Whoever adds to a part holds its counter until the commit. On a server two
    writes that do so at once collide, and the loser repeats all of its work; a
    batch over many accounts takes nearly every part. On SQLite there is one
    writer, and nothing to wait for here.
    """

    def __init__(self, database: Database) -> None:
        self._served = database.dialect != "sqlite"
        self._lanes = [asyncio.Lock() for _ in range(PARTITIONS)]

    @asynccontextmanager
    async def of(self, accounts: Iterable[str]) -> AsyncIterator[None]:
        """Hold the lanes of *accounts*, taken in order so that none waits for ever."""
        async with AsyncExitStack() as held:
            if self._served:
                for part in sorted({partition_of(account) for account in accounts}):
                    await held.enter_async_context(self._lanes[part])
            yield
