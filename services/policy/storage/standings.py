"""How accounts stand, derived from their logs: one indexed read each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select

from services.policy.domain.times import from_us, from_us_or_none, to_us, to_us_or_none
from services.policy.storage.counters import STANDINGS as STANDING_COUNTER
from services.policy.storage.counters import count_up
from services.policy.storage.rows import StandingRow, table
from services.runtime.database import insert

STANDINGS = table(StandingRow)
CLEAR = 1
NO_INTERACTION_TIER = 1


@dataclass(frozen=True, slots=True)
class StoredStanding:
    """A standing as it was when it was written."""

    account: str
    revision: int
    change_sequence: int
    due: datetime | None
    """When time changes it; None = never."""
    state: str
    """Canonical JSON."""
    update_time: datetime
    tier: int = CLEAR


@dataclass(frozen=True, slots=True)
class NewStanding:
    """A standing to write, and the end of the log it follows from."""

    account: str
    tier: int
    interaction_tier: int
    due: datetime | None
    state: str
    head_sequence: int
    head_hash: str
    update_time: datetime


def get(connection: Connection, account: str) -> StoredStanding | None:
    """Return how *account* stands, or None where nothing ever happened."""
    found = select(STANDINGS).where(STANDINGS.c.account == account)
    row = connection.execute(found).one_or_none()
    return None if row is None else _from_row(row)


def get_many(
    connection: Connection, accounts: Sequence[str]
) -> dict[str, StoredStanding]:
    """Return how those of *accounts* stand to whom anything happened."""
    found = select(STANDINGS).where(STANDINGS.c.account.in_(accounts))
    return {row.account: _from_row(row) for row in connection.execute(found)}


def put(
    connection: Connection, standing: NewStanding, before: StoredStanding | None
) -> StoredStanding:
    """Write *standing*; it gets a number in the feed where it differs from *before*."""
    changed = before is None or before.state != standing.state
    if before is None or changed:
        revision = (before.revision if before else 0) + 1
        sequence = count_up(connection, STANDING_COUNTER)
        updated = standing.update_time
    else:
        revision, sequence = before.revision, before.change_sequence
        updated = before.update_time
    values = {
        "revision": revision,
        "change_sequence": sequence,
        "tier": standing.tier,
        "interaction_tier": standing.interaction_tier,
        "due_us": to_us_or_none(standing.due),
        "head_sequence": standing.head_sequence,
        "head_hash": standing.head_hash,
        "state": standing.state,
        "update_us": to_us(updated),
    }
    statement = insert(connection, STANDINGS).values(account=standing.account, **values)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["account"], set_=values)
    )
    return StoredStanding(
        standing.account,
        revision,
        sequence,
        standing.due,
        standing.state,
        updated,
        standing.tier,
    )


def changed_after(
    connection: Connection, sequence: int, limit: int
) -> list[StoredStanding]:
    """Return standings that changed after number *sequence*, in that order."""
    found = (
        select(STANDINGS)
        .where(STANDINGS.c.change_sequence > sequence)
        .order_by(STANDINGS.c.change_sequence)
        .limit(limit)
    )
    return [_from_row(row) for row in connection.execute(found)]


def not_clear(
    connection: Connection, tier: int | None, after: str, limit: int
) -> list[StoredStanding]:
    """Return standings but CLEAR ones, or those of *tier*, by account from *after*."""
    found = select(STANDINGS).where(STANDINGS.c.account > after)
    if tier is None:
        limited = STANDINGS.c.interaction_tier > NO_INTERACTION_TIER
        found = found.where(or_(STANDINGS.c.tier > CLEAR, limited))
    else:
        found = found.where(STANDINGS.c.tier == tier)
    ordered = found.order_by(STANDINGS.c.account).limit(limit)
    return [_from_row(row) for row in connection.execute(ordered)]


def due(connection: Connection, now: datetime, limit: int) -> list[str]:
    """Return accounts that time has changed by *now*, the longest due first."""
    found = (
        select(STANDINGS.c.account)
        .where(STANDINGS.c.due_us <= to_us(now))
        .order_by(STANDINGS.c.due_us)
        .limit(limit)
    )
    return list(connection.execute(found).scalars())


def _from_row(row: Any) -> StoredStanding:
    return StoredStanding(
        account=row.account,
        revision=row.revision,
        change_sequence=row.change_sequence,
        due=from_us_or_none(row.due_us),
        state=row.state,
        update_time=from_us(row.update_us),
        tier=row.tier,
    )
