"""What a restored database needs: another name, and what was erased since, erased."""

from collections.abc import AsyncIterator, Iterable
from functools import partial

from services.accounts.erasing import Erasing
from services.accounts.storage import erasures
from services.accounts.storage.erasures import Erasure
from services.accounts.storage.feed import rename_log
from services.runtime.database import Database
from services.runtime.ids import random_id

CALLER = "restore"
REASON = "it was erased after the backup was made"


class Restoring:
    """Makes a restored database of accounts fit to be served."""

    def __init__(self, database: Database, erasing: Erasing) -> None:
        self._database = database
        self._erasing = erasing

    async def erasures(self, start_us: int) -> AsyncIterator[Erasure]:
        """Yield the erasures on record from *start_us* on, oldest first."""
        after: Erasure | None = None
        while page := await self._database.read(
            partial(erasures.since, start_us=start_us, after=after)
        ):
            for erasure in page:
                yield erasure
            after = page[-1]

    async def erase_again(self, known: Iterable[Erasure]) -> int:
        """Erase whoever of *known* is back; return how many were. Safe to repeat."""
        erased: dict[str, int] = {}
        for erasure in known:
            latest = max(erasure.erase_us, erased.get(erasure.account_hash, 0))
            erased[erasure.account_hash] = latest
        count, after = 0, ""
        while erased:
            look = partial(erasures.undone, erased=erased, after=after)
            back, after = await self._database.read(look)
            for account in back:
                await self._erasing.erase(account, REASON, CALLER)
            count += len(back)
            if not after:
                break
        return count

    async def rename(self) -> str:
        """Give the log another name: cursors from before the restore are refused."""
        name = random_id()
        await self._database.write(lambda tx: rename_log(tx, name))
        return name
