"""What the platform told about accounts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from services.accounts.storage.rows import AccountRow, table
from services.runtime.database import insert_ignore

ACCOUNTS = table(AccountRow)
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Told:
    """An account as the platform told it; None and empty = it did not."""

    account: str
    kind: int = 0
    create_us: int | None = None
    follower_count: int | None = None
    time_zone: str = ""
    language: str = ""
    protected: bool = False
    presence_us: int | None = None
    first_seen_us: int = 0
    update_us: int = 0


COLUMNS = tuple(ACCOUNTS.c[name] for name in Told.__slots__)


def introduce(connection: Connection, names: Sequence[str], now_us: int) -> None:
    """Make accounts that nobody described; those that exist stay as they are."""
    rows = [
        {
            "account": name,
            "kind": 0,
            "time_zone": "",
            "language": "",
            "protected": False,
            "first_seen_us": now_us,
            "update_us": now_us,
        }
        for name in sorted(names)
    ]
    insert_ignore(connection, ACCOUNTS, rows)


def told(connection: Connection, names: Collection[str]) -> dict[str, Told]:
    """Return those of *names* that exist."""
    found: dict[str, Told] = {}
    ordered = sorted(names)
    for start in range(0, len(ordered), CHUNK):
        chosen = ACCOUNTS.c.account.in_(ordered[start : start + CHUNK])
        for row in connection.execute(select(*COLUMNS).where(chosen)):
            found[row.account] = Told(*row)
    return found


def change(
    connection: Connection, name: str, fields: Mapping[str, object], now_us: int
) -> None:
    """Set *fields* of an account."""
    chosen = update(ACCOUNTS).where(ACCOUNTS.c.account == name)
    connection.execute(chosen.values(**fields, update_us=now_us))


def page(connection: Connection, after: str, limit: int) -> list[Told]:
    """Return up to *limit* accounts by name, later than *after*."""
    query = select(*COLUMNS).where(ACCOUNTS.c.account > after)
    query = query.order_by(ACCOUNTS.c.account).limit(limit)
    return [Told(*row) for row in connection.execute(query)]
