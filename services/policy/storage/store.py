"""The database of policy: each method is one transaction."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection

from services.policy.domain.cases import CaseOutcome
from services.policy.domain.chain import Entry
from services.policy.domain.events import Event
from services.policy.storage import (
    budgets,
    cases,
    counters,
    cursors,
    decisions,
    erasures,
    identities,
    ledgers,
    measures,
    notices,
    standings,
)
from services.policy.storage.cases import CaseNews
from services.policy.storage.ledgers import Ledger, Ledgers
from services.policy.storage.measures import StoredMeasure
from services.policy.storage.notices import NewNotice
from services.policy.storage.requests import ANSWERS
from services.policy.storage.standings import NewStanding, StoredStanding
from services.policy.storage.times import to_us
from services.runtime.clock import Clock
from services.runtime.database import Database
from services.runtime.requests import Request

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDecision:
    """A decision to write with the event that made it. JSON bodies."""

    id: str
    tier: int
    ruleset_digest: str
    decider: str
    identity: str
    body: str
    evidence: str = ""
    switches: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingView:
    """How an account stands after a change, as it is kept."""

    tier: int
    interaction_tier: int
    due: datetime | None
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """All that one change of an account writes, or nothing of it."""

    events: Sequence[Event]
    standing: StandingView
    now: datetime
    decisions: Sequence[NewDecision] = ()
    """One for each decision among the events."""
    notices: Sequence[NewNotice] = ()
    cases: Sequence[CaseNews] = ()
    measures: Sequence[StoredMeasure] = ()
    budgets: Mapping[str, int] = field(default_factory=dict)
    """Daily budget of each rule that decided and has one."""
    identity_keys: Sequence[str] = ()
    """Device and network keys to know the account's next one by."""


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


def write_effects(
    connection: Connection, ledger: Ledger, effects: Effects
) -> StoredStanding:
    """Write all that follows from one change of an account."""
    account, now = ledger.account, effects.now
    after, added = ledgers.extended(ledger, effects.events)
    ledgers.append(connection, added)
    made_by = {getattr(entry.event, "decision", ""): entry for entry in reversed(added)}
    for made in effects.decisions:
        write_decision(connection, account, made, made_by[made.id])
    over = no_longer_standing(ledger, after)
    if over:
        cases.settle(connection, account, over)
    measures.put(connection, effects.measures)
    budgets.spend(connection, effects.budgets, now)
    identities.put(connection, account, effects.identity_keys)
    notices.write(connection, account, effects.notices, now)
    for case in effects.cases:
        cases.tell(connection, case, now)
    view = effects.standing
    new = NewStanding(
        account=account,
        tier=view.tier,
        interaction_tier=view.interaction_tier,
        due=view.due,
        state=view.state,
        head_sequence=after.history.sequence,
        head_hash=after.head_hash,
        update_time=now,
    )
    return standings.put(connection, new, standings.get(connection, account))


def no_longer_standing(before: Ledger, after: Ledger) -> dict[str, CaseOutcome]:
    """Return the decisions that do not stand any more, where that is more than before.

    REJECTED where they were found wrong, NO_ACTION where a person decided otherwise.
    """

    def over(ledger: Ledger) -> dict[str, CaseOutcome]:
        return {
            f"accounts/{ledger.account}/decisions/{m.made.decision}": (
                CaseOutcome.REJECTED if m.reversed else CaseOutcome.NO_ACTION
            )
            for m in ledger.history.measures
            if m.reversed or m.ended_by
        }

    found = over(after)
    return found if len(found) > len(over(before)) else {}


def write_decision(
    connection: Connection, account: str, made: NewDecision, entry: Entry
) -> None:
    """Write the decision that *entry* of the log made."""
    decision = decisions.StoredDecision(
        account=account,
        id=made.id,
        sequence=entry.sequence,
        decide_time=entry.event.time,
        tier=made.tier,
        ruleset_digest=made.ruleset_digest,
        decider=made.decider,
        identity=made.identity,
        entry_hash=entry.hash,
        body=made.body,
        evidence=made.evidence,
        switches=made.switches,
    )
    decisions.add(connection, decision)
