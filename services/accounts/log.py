"""Looking at the log of activities, and at texts that could not be scored."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.accounts.domain.activities import Score
from services.accounts.domain.times import to_us
from services.accounts.scoring import Scoring
from services.accounts.storage import accounts, activities, audit, letters, texts
from services.accounts.storage.activities import Key, Logged
from services.accounts.storage.audit import Act
from services.accounts.storage.scores import of_activities
from services.accounts.storage.texts import DeadLetter
from services.runtime.clock import Clock
from services.runtime.database import Database
from services.runtime.errors import NotFound
from services.runtime.ids import random_id


@dataclass(frozen=True, slots=True)
class Entry:
    """An activity as it is kept, with what models said of its text."""

    logged: Logged
    scores: list[Score]


class ActivityLog:
    """Shows what happened. Reads of evidence are audited."""

    def __init__(self, database: Database, clock: Clock, scoring: Scoring) -> None:
        self._database = database
        self._clock = clock
        self._scoring = scoring

    async def page(
        self, account: str, before: tuple[int, str] | None, limit: int, caller: str
    ) -> list[Entry]:
        """Return up to *limit* activities, newest first, older than *before*."""
        await self._audit(Act(random_id(), caller, "ListActivities", account))
        known = await self._database.read(lambda tx: accounts.told(tx, [account]))
        if account not in known:
            raise NotFound("account", f"accounts/{account}")
        logged = await self._database.read(
            lambda tx: activities.latest(tx, account, before, limit)
        )
        keys = [entry.key for entry in logged]
        found = await self._database.read(lambda tx: of_activities(tx, keys))
        return [Entry(entry, found.get(entry.key, [])) for entry in logged]

    async def dead_letters(
        self, after: tuple[int, str, str] | None, limit: int, caller: str
    ) -> list[DeadLetter]:
        """Return up to *limit* dead letters, oldest first, later than *after*."""
        await self._audit(Act(random_id(), caller, "ListDeadLetters", ""))
        return await self._database.read(
            lambda tx: texts.dead_letters(tx, after, limit)
        )

    async def resolve(self, keys: Sequence[Key], *, retry: bool, caller: str) -> int:
        """Try dead letters anew, or erase their texts; return how many."""
        due_us = self._scoring.due_now() if retry else None
        action = "RetryDeadLetters" if retry else "EraseDeadLetters"
        act = Act(random_id(), caller, action, "")
        now_us = to_us(self._clock.now())
        count = await self._database.write(
            lambda tx: letters.resolve(tx, keys, due_us, (act, now_us))
        )
        self._scoring.wake()
        return count

    async def _audit(self, act: Act) -> None:
        now_us = to_us(self._clock.now())
        await self._database.write(lambda tx: audit.note(tx, act, now_us))
