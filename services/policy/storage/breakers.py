"""Breakers and the kill switch: what they guard is held back while they are open."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from services.policy.domain.switches import Switches
from services.policy.domain.tiers import Tier
from services.policy.domain.times import from_us, to_us
from services.policy.storage.rows import BreakerRow, table
from services.runtime.database import insert

BREAKERS = table(BreakerRow)
KILL_SWITCH = "kill-switch"
RULE = "rule:"
TIER = "tier:"


@dataclass(frozen=True, slots=True)
class StoredBreaker:
    """A breaker as it is now."""

    name: str
    is_open: bool
    reason: str
    identity: str
    update_time: datetime


def put(connection: Connection, breaker: StoredBreaker) -> None:
    """Open or close a breaker."""
    values = {
        "is_open": breaker.is_open,
        "reason": breaker.reason,
        "identity": breaker.identity,
        "update_us": to_us(breaker.update_time),
    }
    statement = insert(connection, BREAKERS).values(name=breaker.name, **values)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["name"], set_=values)
    )


def get(connection: Connection, name: str) -> StoredBreaker | None:
    """Return a breaker, or None where it was never set."""
    found = select(BREAKERS).where(BREAKERS.c.name == name)
    row = connection.execute(found).one_or_none()
    if row is None:
        return None
    return StoredBreaker(
        row.name, row.is_open, row.reason, row.identity, from_us(row.update_us)
    )


def switches(connection: Connection) -> Switches:
    """Return what is held back now."""
    found = select(BREAKERS.c.name).where(BREAKERS.c.is_open.is_(True))
    names = set(connection.execute(found).scalars())
    tiers = (name.removeprefix(TIER) for name in names if name.startswith(TIER))
    return Switches(
        observe_only=KILL_SWITCH in names,
        open_rules=frozenset(
            name.removeprefix(RULE) for name in names if name.startswith(RULE)
        ),
        open_tiers=frozenset(Tier[tier] for tier in tiers),
    )
