"""What callers ask about the past and the present."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.policy.callers import Caller
from services.policy.domain.appeals import AppealState
from services.policy.domain.cases import Case, CaseState
from services.policy.domain.history import History
from services.policy.domain.names import decision_name
from services.policy.domain.tiers import CaseKind
from services.policy.storage import (
    appeals,
    audit,
    cases,
    counters,
    decisions,
    measures,
    notices,
    standings,
)
from services.policy.storage.decisions import StoredDecision
from services.policy.storage.measures import StoredMeasure
from services.policy.storage.notices import StoredNotice
from services.policy.storage.standings import StoredStanding
from services.policy.storage.store import Store, Transaction
from services.runtime.errors import NotFound
from services.runtime.following import PAGE


@dataclass(frozen=True, slots=True)
class Told:
    """A decision, and the history that says where it stands."""

    stored: StoredDecision
    history: History


class Queries:
    """Reads policy's records."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def standing(self, account: str) -> StoredStanding | None:
        """Return how *account* was left, or None where nothing ever happened."""
        return await self._store.read(lambda c: standings.get(c, account))

    async def standings(self, accounts: Sequence[str]) -> dict[str, StoredStanding]:
        """Return how those of *accounts* were left to whom anything happened."""
        return await self._store.read(lambda c: standings.get_many(c, accounts))

    async def history(self, account: str) -> History:
        """Return what is on record about *account*."""
        return (await self._store.ledger(account)).history

    async def not_clear(
        self, tier: int | None, after: str, limit: int
    ) -> list[StoredStanding]:
        """Return a page of standings but CLEAR, or of one tier."""
        return await self._store.read(
            lambda c: standings.not_clear(c, tier, after, limit)
        )

    async def decisions(
        self, account: str, before: int | None, limit: int
    ) -> tuple[list[StoredDecision], History]:
        """Return a page of an account's decisions, newest first."""

        def read(connection: Transaction) -> tuple[list[StoredDecision], History]:
            found = decisions.page(connection, account, before, limit)
            return found, self._store.ledger_within(connection, account).history

        return await self._store.read(read)

    async def all_decisions(
        self, before: tuple[int, str, str] | None, limit: int
    ) -> list[Told]:
        """Return a page of everybody's decisions, newest first."""

        def read(connection: Transaction) -> list[Told]:
            found = decisions.page_of_all(connection, before, limit)
            whose = {stored.account for stored in found}
            ledgers = self._store.ledgers_within(connection, whose)
            return [Told(stored, ledgers[stored.account].history) for stored in found]

        return await self._store.read(read)

    async def decision(self, account: str, decision: str) -> Told:
        """Return one decision with its evidence. Raises NotFound."""

        def read(connection: Transaction) -> Told | None:
            # One snapshot: the account may be erased at any moment.
            stored = decisions.get(connection, account, decision)
            if stored is None:
                return None
            history = self._store.ledger_within(connection, account).history
            return Told(stored, history)

        told = await self._store.read(read)
        if told is None:
            raise NotFound("decision", decision_name(account, decision))
        return told

    async def is_under_review(self, account: str, decision: str) -> bool:
        """Say whether somebody is yet to judge *decision*, in a case or an appeal."""
        name = decision_name(account, decision)

        def read(connection: Transaction) -> bool:
            asked = appeals.of_account(connection, account)
            waits = any(a.decision == decision and not a.resolved for a in asked)
            return waits or bool(cases.open_with(connection, json.dumps(name)))

        return await self._store.read(read)

    async def note_reading(self, caller: Caller, action: str, subject: str) -> None:
        """Note who looked at what; the only thing that is written here."""
        await self._store.write(lambda c: audit.note(c, caller, action, subject))

    async def measures(
        self, keys: Sequence[tuple[str, str]]
    ) -> dict[tuple[str, str], StoredMeasure]:
        """Return what applies to those of *keys* to which anything does."""
        return await self._store.read(lambda c: measures.get_many(c, keys))

    async def notices(
        self, account: str, before: int | None, limit: int
    ) -> list[StoredNotice]:
        """Return a page of the notices to *account*, newest first."""
        return await self._store.read(lambda c: notices.page(c, account, before, limit))

    async def cases(
        self,
        kind: CaseKind | None,
        state: CaseState | None,
        after: tuple[int, str] | None,
        limit: int,
    ) -> list[Case]:
        """Return a page of cases, those due first first."""
        return await self._store.read(
            lambda c: cases.page(c, kind, state, after, limit)
        )

    async def appeals(
        self,
        account: str | None,
        state: AppealState | None,
        after: tuple[int, str, str] | None,
        limit: int,
    ) -> Sequence[appeals.Filed]:
        """Return a page of appeals, those due first first."""
        return await self._store.read(
            lambda c: appeals.page(c, account, state, after, limit)
        )

    async def changed_standings(self, after: int) -> list[StoredStanding]:
        """Return up to PAGE standings that changed after number *after*, in order."""
        return await self._store.read(lambda c: standings.changed_after(c, after, PAGE))

    async def outbox(self, after: int) -> list[StoredNotice]:
        """Return up to PAGE notices written after number *after*, in order."""
        return await self._store.read(lambda c: notices.outbox(c, after, PAGE))

    async def end_of(self, counter: str) -> tuple[str, int]:
        """Return the name of the log, and how far *counter* has come."""

        def read(connection: Transaction) -> tuple[str, int]:
            return counters.epoch(connection), counters.latest(connection, counter)

        return await self._store.read(read)


def holds(standing: StoredStanding, now: datetime) -> bool:
    """Say whether *standing* still holds at *now*: time has not changed it since."""
    return standing.due is None or now < standing.due
