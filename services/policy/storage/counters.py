"""Numbers without gaps for the feeds, and the name of this log."""

from sqlalchemy import Connection, select, text, update

from services.policy.storage.rows import CounterRow, EpochRow, table
from services.runtime.database import insert, insert_ignore
from services.runtime.ids import random_id

COUNTERS = table(CounterRow)
EPOCHS = table(EpochRow)
STANDINGS = "standings"
NOTICES = "notices"
DECISIONS = "decisions"
RULESETS = "rulesets"


def take_turn(connection: Connection) -> None:
    """Let one transaction at a time number its changes; SQLite does so anyway.

    Must come first in the transaction: a lock taken before the snapshot waits for
    the writer before us, one taken after it could only fail.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(text("LOCK TABLE counters IN EXCLUSIVE MODE"))


def count_up(connection: Connection, name: str, by: int = 1) -> int:
    """Grow counter *name* by *by*; return the first of the new numbers."""
    insert_ignore(connection, COUNTERS, [{"name": name, "value": 0}])
    grown = (
        update(COUNTERS)
        .where(COUNTERS.c.name == name)
        .values(value=COUNTERS.c.value + by)
        .returning(COUNTERS.c.value)
    )
    value: int = connection.execute(grown).scalar_one()
    return value - by + 1


def latest(connection: Connection, name: str) -> int:
    """Return the last number given out; 0 before the first."""
    found = select(COUNTERS.c.value).where(COUNTERS.c.name == name)
    return connection.execute(found).scalar() or 0


def epoch(connection: Connection) -> str:
    """Return the name of this log. Needs `begin_epoch` once before."""
    found = select(EPOCHS.c.epoch).where(EPOCHS.c.name == "log")
    name: str = connection.execute(found).scalar_one()
    return name


def begin_epoch(connection: Connection) -> None:
    """Name this log where it has no name."""
    insert_ignore(connection, EPOCHS, [{"name": "log", "epoch": random_id()[:8]}])


def change_epoch(connection: Connection) -> None:
    """Give a restored log another name, so that its followers start over."""
    row = {"name": "log", "epoch": random_id()[:8]}
    statement = insert(connection, EPOCHS).values(row)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["name"], set_={"epoch": row["epoch"]}
        )
    )
