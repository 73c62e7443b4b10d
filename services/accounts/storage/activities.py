"""The log of activities, and the texts that wait: written together."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select, tuple_, update

from services.accounts.storage.rows import ActivityRow, table
from services.runtime.bulk import BulkInsert, Values

ACTIVITIES = table(ActivityRow)
CHUNK = 300
Key = tuple[str, str]


class Logged(NamedTuple):
    """An activity as it is kept, in the order of the columns."""

    account: str
    id: str
    event_us: int
    record_us: int
    revision: int
    score_state: int
    digest: bytes
    facts: bytes
    text_length: int
    fingerprint: bytes | None

    @property
    def key(self) -> Key:
        """Account and id."""
        return self.account, self.id


COLUMNS = tuple(ACTIVITIES.c[name] for name in Logged._fields)
APPEND = BulkInsert(ACTIVITIES)


def append(connection: Connection, rows: Sequence[Values]) -> bool:
    """Add *rows*, as `Logged`, to the log; return whether every one of them was new."""
    return APPEND.run(connection, rows) == len(rows)


def logged(connection: Connection, keys: Collection[Key]) -> dict[Key, Logged]:
    """Return those of *keys* that are in the log."""
    found: dict[Key, Logged] = {}
    ordered = sorted(keys)
    by_key = tuple_(ACTIVITIES.c.account, ACTIVITIES.c.id)
    for start in range(0, len(ordered), CHUNK):
        query = select(*COLUMNS).where(by_key.in_(ordered[start : start + CHUNK]))
        for row in connection.execute(query):
            entry = Logged(*row)
            found[entry.key] = entry
    return found


def history(
    connection: Connection, account: str, until_us: int | None = None
) -> list[Logged]:
    """Return what *account* did, up to and with *until_us*, oldest first."""
    query = select(*COLUMNS).where(ACTIVITIES.c.account == account)
    if until_us is not None:
        query = query.where(ACTIVITIES.c.event_us <= until_us)
    query = query.order_by(ACTIVITIES.c.event_us, ACTIVITIES.c.id)
    return [Logged(*row) for row in connection.execute(query)]


def latest(
    connection: Connection, account: str, before: tuple[int, str] | None, limit: int
) -> list[Logged]:
    """Return up to *limit* activities, newest first, older than *before*."""
    query = select(*COLUMNS).where(ACTIVITIES.c.account == account)
    if before is not None:
        order = tuple_(ACTIVITIES.c.event_us, ACTIVITIES.c.id)
        query = query.where(order < before)
    query = query.order_by(ACTIVITIES.c.event_us.desc(), ACTIVITIES.c.id.desc())
    return [Logged(*row) for row in connection.execute(query.limit(limit))]


def set_score_state(
    connection: Connection, keys: Collection[Key], score_state: int
) -> None:
    """Note where the scoring of the texts of *keys* stands."""
    by_key = tuple_(ACTIVITIES.c.account, ACTIVITIES.c.id)
    ordered = sorted(keys)
    for start in range(0, len(ordered), CHUNK):
        chosen = by_key.in_(ordered[start : start + CHUNK])
        connection.execute(
            update(ACTIVITIES).where(chosen).values(score_state=score_state)
        )
