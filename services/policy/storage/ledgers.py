"""An account's log and the history it adds up to. Appended to, never changed."""

import json
import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from services.policy.domain.chain import GENESIS, Entry, chained
from services.policy.domain.events import Event, event_json, event_of
from services.policy.domain.fold import fold
from services.policy.domain.history import History
from services.policy.domain.times import to_us
from services.policy.storage.rows import LogRow, StandingRow, table

LOG = table(LogRow)
STANDINGS = table(StandingRow)
HEADS = select(
    STANDINGS.c.account,
    STANDINGS.c.revision,
    STANDINGS.c.head_sequence,
    STANDINGS.c.head_hash,
)


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is on record about one account, and where its log ends."""

    account: str
    history: History = field(default_factory=History)
    head_hash: str = GENESIS
    revision: int = 0
    """Of its standing; 0 = never changed."""


class Ledgers:
    """Reads and appends logs; keeps the latest histories in memory.

    A kept history is only ever extended by entries that follow its hash, so one that
    was folded before another process wrote is brought up to date, not trusted.
    """

    def __init__(self, keep: int = 10_000) -> None:
        self._keep = keep
        self._kept: OrderedDict[str, Ledger] = OrderedDict()
        self._lock = threading.Lock()

    def load(self, connection: Connection, account: str) -> Ledger:
        """Return the ledger of *account*; an empty one where nothing happened."""
        chosen = HEADS.where(STANDINGS.c.account == account)
        row = connection.execute(chosen).one_or_none()
        return Ledger(account) if row is None else self._as_of(connection, row)

    def load_many(
        self, connection: Connection, accounts: Collection[str]
    ) -> dict[str, Ledger]:
        """Return the ledger of each of *accounts*."""
        chosen = HEADS.where(STANDINGS.c.account.in_(sorted(accounts)))
        rows = connection.execute(chosen).all()
        found = {row.account: self._as_of(connection, row) for row in rows}
        return {account: found.get(account) or Ledger(account) for account in accounts}

    def _as_of(self, connection: Connection, row: Any) -> Ledger:
        """Return the ledger that ends where the standing *row* says."""
        account = row.account
        ledger = self._recall(account)
        if ledger.history.sequence > row.head_sequence:
            ledger = Ledger(account)  # a write that was undone, or a restored database
        history, head = ledger.history, ledger.head_hash
        for entry in entries(connection, account, history.sequence):
            if entry.previous_hash != head:
                history, head = _from_the_start(connection, account)
                break
            history, head = fold(history, entry.event), entry.hash
        if head != row.head_hash:
            history, head = _from_the_start(connection, account)
        ledger = Ledger(account, history, head, row.revision)
        self._remember(ledger)
        return ledger

    def forget(self, account: str) -> None:
        """Keep nothing of *account* in memory."""
        with self._lock:
            self._kept.pop(account, None)

    def _recall(self, account: str) -> Ledger:
        with self._lock:
            return self._kept.get(account) or Ledger(account)

    def _remember(self, ledger: Ledger) -> None:
        with self._lock:
            self._kept[ledger.account] = ledger
            self._kept.move_to_end(ledger.account)
            if len(self._kept) > self._keep:
                self._kept.popitem(last=False)


def extended(ledger: Ledger, events: Iterable[Event]) -> tuple[Ledger, list[Entry]]:
    """Return *ledger* after *events*, and the entries to append for them."""
    history, head = ledger.history, ledger.head_hash
    added = []
    for event in events:
        entry = chained(ledger.account, history.sequence + 1, event, head)
        history, head = fold(history, event), entry.hash
        added.append(entry)
    return Ledger(ledger.account, history, head, ledger.revision), added


def append(connection: Connection, added: Sequence[Entry]) -> None:
    """Append entries; the primary key refuses a second one of the same number."""
    rows = [
        {
            "account": entry.account,
            "sequence": entry.sequence,
            "kind": type(entry.event).__name__,
            "event_us": to_us(entry.event.time),
            "body": event_json(entry.event),
            "entry_hash": entry.hash,
        }
        for entry in added
    ]
    if rows:
        connection.execute(insert(LOG), rows)


def entries(connection: Connection, account: str, after: int = 0) -> Iterator[Entry]:
    """Return the log of *account* from the entry after number *after* on."""
    before = select(LOG.c.entry_hash).where(
        LOG.c.account == account, LOG.c.sequence == after
    )
    previous = connection.execute(before).scalar() or GENESIS
    found = (
        select(LOG.c.sequence, LOG.c.body, LOG.c.entry_hash)
        .where(LOG.c.account == account, LOG.c.sequence > after)
        .order_by(LOG.c.sequence)
    )
    for row in connection.execute(found):
        event = event_of(json.loads(row.body))
        yield Entry(account, row.sequence, event, previous, row.entry_hash)
        previous = row.entry_hash


def accounts_between(
    connection: Connection, start: datetime, end: datetime
) -> list[str]:
    """Return the accounts to whom anything happened from *start* on, before *end*."""
    within = (LOG.c.event_us >= to_us(start)) & (LOG.c.event_us < to_us(end))
    found = select(LOG.c.account).where(within).distinct()
    return sorted(connection.execute(found).scalars())


def _from_the_start(connection: Connection, account: str) -> tuple[History, str]:
    history, head = History(), GENESIS
    for entry in entries(connection, account):
        history, head = fold(history, entry.event), entry.hash
    return history, head
