"""What an operator watches of accounts, from the indexes alone."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from services.accounts.storage.rows import ActivityRow, PendingTextRow, table

TEXTS = table(PendingTextRow)
ACTIVITIES = table(ActivityRow)
COUNTED = 100_000
"""More are not counted: how many more changes nothing about what to do."""
FIRST = 1_000


@dataclass(frozen=True, slots=True)
class Backlog:
    """Texts that were not scored."""

    waiting: int
    dead: int
    oldest_us: int | None
    """When the one that waits longest was recorded, of the 1,000 due first."""


def backlog(connection: Connection) -> Backlog:
    """Return what waits, and what was given up."""
    first = (
        select(TEXTS.c.account, TEXTS.c.activity)
        .where(TEXTS.c.dead.is_(False))
        .order_by(TEXTS.c.due_us)
        .limit(FIRST)
        .subquery()
    )
    same = (ACTIVITIES.c.account == first.c.account) & (
        ACTIVITIES.c.id == first.c.activity
    )
    oldest = select(func.min(ACTIVITIES.c.record_us)).select_from(
        first.join(ACTIVITIES, same)
    )
    return Backlog(
        waiting=_count(connection, dead=False),
        dead=_count(connection, dead=True),
        oldest_us=connection.execute(oldest).scalar_one(),
    )


def _count(connection: Connection, *, dead: bool) -> int:
    some = select(TEXTS.c.account).where(TEXTS.c.dead.is_(dead)).limit(COUNTED)
    query = select(func.count()).select_from(some.subquery())
    return connection.execute(query).scalar_one()
