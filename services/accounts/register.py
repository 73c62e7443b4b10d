"""What the platform tells about accounts."""

from collections.abc import Mapping, Sequence

from services.accounts.domain.times import to_us
from services.accounts.storage import accounts, registering
from services.accounts.storage.accounts import Told
from services.runtime.bell import Bell
from services.runtime.clock import Clock
from services.runtime.database import Database
from services.runtime.errors import NotFound


class Register:
    """Keeps what is told about accounts, and tells it back."""

    def __init__(self, database: Database, clock: Clock, changed: Bell) -> None:
        self._database = database
        self._clock = clock
        self._changed = changed

    async def get(self, account: str) -> Told:
        """Return what is known of *account*; raise NotFound."""
        found = await self._database.read(lambda tx: accounts.told(tx, [account]))
        if account not in found:
            raise NotFound("account", f"accounts/{account}")
        return found[account]

    async def update(self, account: str, told: Mapping[str, object]) -> Told:
        """Set the columns *told*; an account that is new is made.

        The profile moves on by a revision, so that followers see the change;
        telling what is known already changes nothing.
        """
        now_us = to_us(self._clock.now())
        found = await self._database.write(
            lambda tx: registering.update(tx, account, told, now_us)
        )
        self._changed.ring()
        return found

    async def page(self, after: str, limit: int) -> Sequence[Told]:
        """Return up to *limit* accounts by name, later than *after*."""
        return await self._database.read(lambda tx: accounts.page(tx, after, limit))
