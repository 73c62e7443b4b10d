"""Periodic work: due once in a while, done by one replica at a time."""

from dataclasses import dataclass

from sqlalchemy import Connection, Update, update

from services.accounts.storage.rows import table
from services.accounts.storage.rows_apart import JobRow
from services.runtime.database import insert_ignore

JOBS = table(JobRow)


class LeaseLost(Exception):
    """Another replica does the work now; what this one found is not kept."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to do *name*, as long as nobody took it over since."""

    name: str
    token: int
    cursor: int
    """How far the work came when it was last done."""


def schedule(connection: Connection, name: str, now_us: int) -> None:
    """Count the first period of *name* from now, unless it has begun."""
    row = {"name": name, "token": 0, "lease_us": 0, "done_us": now_us, "cursor": 0}
    insert_ignore(connection, JOBS, [row])


def take(
    connection: Connection, name: str, now_us: int, until_us: int, period_us: int
) -> Lease | None:
    """Take *name* if it is due and nobody does it; else return None."""
    taken = (
        update(JOBS)
        .where(
            JOBS.c.name == name,
            JOBS.c.lease_us <= now_us,
            JOBS.c.done_us <= now_us - period_us,
        )
        .values(token=JOBS.c.token + 1, lease_us=until_us)
        .returning(JOBS.c.token, JOBS.c.cursor)
    )
    row = connection.execute(taken).one_or_none()
    return None if row is None else Lease(name, row.token, row.cursor)


def hold(connection: Connection, lease: Lease, until_us: int) -> None:
    """Keep *lease* for longer, and whatever this transaction writes. LeaseLost."""
    kept = _held(lease).values(lease_us=until_us)
    if connection.execute(kept).rowcount != 1:
        raise LeaseLost(lease.name)


def finish(connection: Connection, lease: Lease, done_us: int, cursor: int) -> None:
    """Say that the work is done, up to *cursor*; nothing if another took it over."""
    done = _held(lease).values(lease_us=0, done_us=done_us, cursor=cursor)
    connection.execute(done)


def give_up(connection: Connection, lease: Lease) -> None:
    """Let another replica try at once."""
    connection.execute(_held(lease).values(lease_us=0))


def _held(lease: Lease) -> Update:
    return update(JOBS).where(JOBS.c.name == lease.name, JOBS.c.token == lease.token)
