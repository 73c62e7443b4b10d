"""Appeals, by account; what is due first comes first."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, tuple_, update

from services.policy.domain.appeals import Appeal, AppealState
from services.policy.domain.canonical import canonical, from_plain
from services.policy.domain.times import to_us
from services.policy.storage.rows import AppealRow, table
from services.runtime.errors import WriteConflict

APPEALS = table(AppealRow)
Place = tuple[int, str, str]
Filed = tuple[str, Appeal]
"""An account and its appeal."""


def add(connection: Connection, account: str, appeal: Appeal) -> None:
    """Write a new appeal."""
    row = {"account": account, "id": appeal.id, **values_of(appeal)}
    connection.execute(insert(APPEALS).values(row))


def save(connection: Connection, account: str, appeal: Appeal, before: Appeal) -> None:
    """Write *appeal* over *before*. Raises WriteConflict where that is not latest."""
    same = (
        (APPEALS.c.account == account)
        & (APPEALS.c.id == appeal.id)
        & (APPEALS.c.version == before.version)
    )
    changed = update(APPEALS).where(same).values(values_of(appeal))
    if connection.execute(changed).rowcount != 1:
        raise WriteConflict


def get(connection: Connection, account: str, appeal: str) -> Appeal | None:
    """Return one appeal, or None."""
    found = select(APPEALS).where(APPEALS.c.account == account, APPEALS.c.id == appeal)
    row = connection.execute(found).one_or_none()
    return None if row is None else from_row(row)


def of_account(connection: Connection, account: str) -> list[Appeal]:
    """Return every appeal of *account*."""
    found = select(APPEALS).where(APPEALS.c.account == account)
    return [from_row(row) for row in connection.execute(found)]


def page(
    connection: Connection,
    account: str | None,
    state: str | None,
    after: Place | None,
    limit: int,
) -> Sequence[Filed]:
    """Return up to *limit* appeals, those due first first."""
    order = (APPEALS.c.due_us, APPEALS.c.account, APPEALS.c.id)
    found = select(APPEALS)
    if account is not None:
        found = found.where(APPEALS.c.account == account)
    if state is not None:
        found = found.where(APPEALS.c.state == state)
    if after is not None:
        found = found.where(tuple_(*order) > after)
    rows = connection.execute(found.order_by(*order).limit(limit))
    return [(row.account, from_row(row)) for row in rows]


def late(connection: Connection, now: datetime, limit: int) -> Sequence[Filed]:
    """Return appeals whose answer is late, the longest first."""
    waiting = (AppealState.OPEN.value, AppealState.CLAIMED.value)
    found = (
        select(APPEALS)
        .where(APPEALS.c.state.in_(waiting), APPEALS.c.due_us <= to_us(now))
        .order_by(APPEALS.c.due_us)
        .limit(limit)
    )
    return [(row.account, from_row(row)) for row in connection.execute(found)]


def place_of(filed: Filed) -> Place:
    """Return where `page` goes on after *filed*."""
    account, appeal = filed
    return to_us(appeal.due_time), account, appeal.id


def values_of(appeal: Appeal) -> dict[str, Any]:
    """Return the columns of *appeal* but its key."""
    return {
        "decision": appeal.decision,
        "state": appeal.state.value,
        "due_us": to_us(appeal.due_time),
        "version": appeal.version,
        "body": canonical(appeal).decode(),
    }


def from_row(row: Any) -> Appeal:
    """Read an appeal back."""
    appeal: Appeal = from_plain(Appeal, json.loads(row.body))
    return appeal
