"""Reading what is compared over accounts, a page of accounts at a time."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from services.accounts.domain.coordination.acts import Collected, Glimpse
from services.accounts.storage import fingerprints
from services.accounts.storage.activities import ACTIVITIES
from services.accounts.storage.profiles import PROFILES
from services.accounts.storage.rows import table
from services.accounts.storage.rows_apart import SketchRow
from services.runtime.database import insert

SKETCHES = table(SketchRow)
CHUNK = 300
Glance = Callable[[bytes], Glimpse | None]
"""Turns the facts in the log into the little that is compared."""


@dataclass(frozen=True, slots=True)
class Sketched:
    """Sketches of one partition's accounts, as they were at `build_us`."""

    partition: int
    build_us: int
    population: bytes


def changed_since(
    connection: Connection, since_us: int, after: str, limit: int
) -> list[str]:
    """Return accounts whose profile changed since an instant, by name."""
    query = select(PROFILES.c.account).where(
        PROFILES.c.account > after,
        PROFILES.c.change_us >= since_us,
        PROFILES.c.erased.is_(False),
    )
    return list(connection.scalars(query.order_by(PROFILES.c.account).limit(limit)))


def collect(
    connection: Connection,
    names: Collection[str],
    span_us: tuple[int, int],
    glance: Glance,
    into: Collected,
) -> None:
    """Add what *names* did in a span, one account after the other."""
    ordered = sorted(names)
    for start in range(0, len(ordered), CHUNK):
        query = (
            select(
                ACTIVITIES.c.account,
                ACTIVITIES.c.event_us,
                ACTIVITIES.c.facts,
                ACTIVITIES.c.fingerprint,
            )
            .where(
                ACTIVITIES.c.account.in_(ordered[start : start + CHUNK]),
                ACTIVITIES.c.event_us.between(*span_us),
            )
            .order_by(ACTIVITIES.c.account, ACTIVITIES.c.event_us)
        )
        for account, event_us, facts, packed in connection.execute(query):
            seen = glance(facts)
            if seen is not None:
                found = fingerprints.from_bytes(packed)
                into.add(account, event_us, seen, found.sketch if found else b"")


def states(connection: Connection, partition: int, limit: int) -> list[bytes]:
    """Return states of a partition's accounts, those that changed last first."""
    query = (
        select(PROFILES.c.state)
        .where(PROFILES.c.partition == partition, PROFILES.c.erased.is_(False))
        .order_by(PROFILES.c.change_sequence.desc())
    )
    return list(connection.scalars(query.limit(limit)))


def sketches(connection: Connection) -> Sequence[Sketched]:
    """Return the sketches of all partitions, the oldest first."""
    columns = [SKETCHES.c[name] for name in Sketched.__slots__]
    query = select(*columns).order_by(SKETCHES.c.build_us, SKETCHES.c.partition)
    return [Sketched(*row) for row in connection.execute(query)]


def keep_sketch(connection: Connection, sketched: Sketched) -> None:
    """Keep the sketches of a partition instead of what there was."""
    row = {name: getattr(sketched, name) for name in Sketched.__slots__}
    upsert = insert(connection, SKETCHES).values(row)
    columns = {name: row[name] for name in ("build_us", "population")}
    connection.execute(
        upsert.on_conflict_do_update(
            index_elements=[SKETCHES.c.partition], set_=columns
        )
    )
