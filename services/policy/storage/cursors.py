"""How far each follower is. A lease says who follows; a token fences off the rest."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, or_, select, update

from services.policy.domain.times import to_us
from services.policy.storage.rows import CursorRow, table
from services.runtime.database import insert_ignore

CURSORS = table(CursorRow)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to follow *name*, as long as nobody took it over since."""

    name: str
    owner: str
    token: int
    cursor: str
    """Where the last holder stopped; empty = at the beginning."""


class LeaseLost(Exception):
    """Another replica follows now; what this one does not hold it may not move."""


def acquire(
    connection: Connection, name: str, owner: str, now: datetime, lasts: timedelta
) -> Lease | None:
    """Take *name* if nobody else holds it at *now*; return None if somebody does."""
    free = {"name": name, "cursor": "", "owner": "", "token": 0, "lease_us": 0}
    insert_ignore(connection, CURSORS, [free])
    taken = (
        update(CURSORS)
        .where(
            CURSORS.c.name == name,
            or_(CURSORS.c.owner == owner, CURSORS.c.lease_us <= to_us(now)),
        )
        .values(owner=owner, token=CURSORS.c.token + 1, lease_us=to_us(now + lasts))
        .returning(CURSORS.c.token, CURSORS.c.cursor)
    )
    row = connection.execute(taken).one_or_none()
    return None if row is None else Lease(name, owner, row.token, row.cursor)


def renew(
    connection: Connection, lease: Lease, now: datetime, lasts: timedelta, cursor: str
) -> None:
    """Keep *lease* and store *cursor* under it. Raises LeaseLost."""
    kept = (
        update(CURSORS)
        .where(_held(lease))
        .values(cursor=cursor, lease_us=to_us(now + lasts))
    )
    if connection.execute(kept).rowcount != 1:
        raise LeaseLost(lease.name)


def release(connection: Connection, lease: Lease) -> None:
    """Let another replica take over at once; nothing if one already did."""
    connection.execute(update(CURSORS).where(_held(lease)).values(lease_us=0, owner=""))


def stored(connection: Connection, name: str) -> str:
    """Return the stored cursor of *name*; empty where there is none."""
    found = select(CURSORS.c.cursor).where(CURSORS.c.name == name)
    return connection.execute(found).scalar() or ""


def _held(lease: Lease) -> "and_":  # type: ignore[valid-type]
    return and_(
        CURSORS.c.name == lease.name,
        CURSORS.c.owner == lease.owner,
        CURSORS.c.token == lease.token,
    )
