"""Letting old activities go, in bounded steps, beside everything else."""

from collections.abc import AsyncIterator
from functools import partial

from services.accounts.storage import bases, profiles
from services.accounts.storage.reading import Remember
from services.runtime.database import Database

PAGE = 200
BATCH = 1_000
"""Activities in one transaction: writers of the account wait that long."""


class Pruning:
    """Prunes the log; profiles stay as they are, byte for byte."""

    def __init__(self, database: Database, remember: Remember) -> None:
        self._database = database
        self._remember = remember

    async def due(self, before_us: int) -> dict[str, int]:
        """Return how many activities from before an instant each account has."""
        found: dict[str, int] = {}
        after = ""
        while page := await self._database.read(
            partial(profiles.page, after=after, limit=PAGE)
        ):
            after = page[-1].account
            names = [each.account for each in page]
            found |= await self._database.read(
                partial(bases.prunable, accounts=names, before_us=before_us)
            )
        return found

    async def prune(self, account: str, before_us: int) -> AsyncIterator[int]:
        """Prune one account; yield how many activities left in each step."""
        step = partial(
            bases.prune,
            account=account,
            before_us=before_us,
            limit=BATCH,
            remember=self._remember,
        )
        while count := await self._database.write(step):
            yield count

    async def forget_versions(self, before_us: int) -> int:
        """Drop superseded references and answered requests from before an instant."""
        return await self._database.write(
            partial(bases.forget_versions, before_us=before_us)
        )
