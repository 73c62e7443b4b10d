"""How much of its daily budget each rule has used; one that is used up is held."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, select

from services.policy.callers import Caller
from services.policy.domain.times import to_us
from services.policy.storage import audit, breakers
from services.policy.storage.breakers import RULE, StoredBreaker
from services.policy.storage.rows import FiringRow, table
from services.runtime.database import insert

FIRINGS = table(FiringRow)
DAY = timedelta(days=1)
HOLDER = "budget"
REASON = "the rule used up its daily budget"


def spend(connection: Connection, budgets: Mapping[str, int], now: datetime) -> None:
    """Count a decision for each rule; open the breaker of one that used its budget.

    Looks back 24 to 25 hours. Only a person closes the breaker again.
    """
    for rule, budget in budgets.items():
        if fired(connection, rule, now) >= budget:
            hold(connection, RULE + rule, now)


def fired(connection: Connection, rule: str, now: datetime) -> int:
    """Count a decision of *rule*; return how many it made in the last day."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    own = FIRINGS.c.rule == rule
    over = own & (FIRINGS.c.hour_us < to_us(hour - DAY))
    connection.execute(delete(FIRINGS).where(over))
    row = {"rule": rule, "hour_us": to_us(hour), "count": 1}
    statement = insert(connection, FIRINGS).values(row)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["rule", "hour_us"], set_={"count": FIRINGS.c.count + 1}
        )
    )
    total = connection.execute(select(func.sum(FIRINGS.c.count)).where(own))
    return int(total.scalar_one())


def hold(connection: Connection, name: str, now: datetime) -> None:
    """Open the breaker *name*, unless it is open, and put that on record."""
    known = breakers.get(connection, name)
    if known is not None and known.is_open:
        return
    breakers.put(connection, StoredBreaker(name, True, REASON, HOLDER, now))
    detail = json.dumps({"open": True, "reason": REASON})
    audit.note(connection, Caller(HOLDER, now), "SetBreaker", name, detail)


def renew(connection: Connection, name: str) -> None:
    """Begin the budget anew of the rule whose breaker *name* a person closed."""
    rule = name.removeprefix(RULE)
    connection.execute(delete(FIRINGS).where(FIRINGS.c.rule == rule))
