"""When notices reached the platform: waiting times of the ladder begin there."""

from collections.abc import Callable
from datetime import datetime, timedelta

from services.policy.domain.events import NoticeHandedOver
from services.policy.effects import noted
from services.policy.rulebook import Rulebook
from services.policy.storage import notices
from services.policy.storage.effects import Effects
from services.policy.storage.ledgers import Ledger
from services.policy.storage.notices import StoredNotice
from services.policy.storage.store import Store, Transaction
from services.runtime.clock import Clock
from services.runtime.errors import InvalidField, NotFound

CLOCKS_DIFFER = timedelta(minutes=10)


class HandOver:
    """Notes hand-overs and readings; only the first of each counts."""

    def __init__(
        self,
        store: Store,
        rulebook: Rulebook,
        clock: Clock,
        changed: Callable[[str], None],
    ) -> None:
        """Have *changed* called with each account whose standing may have changed."""
        self._store = store
        self._rulebook = rulebook
        self._clock = clock
        self._changed = changed

    async def note(self, notice: StoredNotice) -> None:
        """Note that *notice* was sent to the platform."""
        if notice.hand_over_time is None:
            await self._write(notice.account, notice.sequence, None)

    async def acknowledge(
        self, account: str, sequence: int, read_time: datetime | None
    ) -> StoredNotice:
        """Note that a notice arrived, and when it was read.

        Raises NotFound, and InvalidField for a time that is still to come.
        """
        if read_time is not None and read_time > self._clock.now() + CLOCKS_DIFFER:
            problem = "must not be more than 10 minutes ahead"
            raise InvalidField("read_time", problem)
        return await self._write(account, sequence, read_time)

    async def _write(
        self, account: str, sequence: int, read_time: datetime | None
    ) -> StoredNotice:
        rules = await self._rulebook.current()
        now = self._clock.now()

        def write(connection: Transaction) -> StoredNotice:
            notice = notices.get(connection, account, sequence)
            if notice is None:
                raise NotFound("notice", f"accounts/{account}/notices/{sequence}")

            def plan(ledger: Ledger) -> Effects:
                event = NoticeHandedOver(time=now, decision=notice.decision)
                return noted(ledger.history, (event,), rules.live, now)

            if notices.note_handed_over(connection, account, sequence, now):
                self._store.change_within(connection, account, plan)
            if read_time is not None:
                notices.note_read(connection, account, sequence, read_time)
            after = notices.get(connection, account, sequence)
            assert after is not None
            return after

        notice = await self._store.write(write)
        self._changed(account)
        return notice
