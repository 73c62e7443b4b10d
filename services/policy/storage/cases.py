"""Cases: work for people. One is open for each key, however often it is asked for."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, tuple_, update

from services.policy.domain.canonical import canonical, from_plain
from services.policy.storage.rows import CaseRow, table
from services.policy.storage.times import from_us, to_us
from services.runtime.database import insert_ignore
from services.runtime.errors import WriteConflict

CASES = table(CaseRow)
MAX_LISTED = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseBody:
    """What a case is about, and what became of it."""

    accounts: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()
    """Resource names."""
    contents: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
    """Names of the reports joined in it, as far as listed."""
    report_count: int = 0
    priority: float = 0.0
    assignee: str = ""
    claim_expire_time: datetime | None = None
    outcome: str = ""
    outcome_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCase:
    """A case to open, or to join with the one that is open under its key."""

    id: str
    kind: str
    key: str
    due: datetime
    body: CaseBody


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCase:
    """A case as it is now."""

    id: str
    kind: str
    state: str
    create_time: datetime
    due: datetime
    version: int
    body: CaseBody = field(default_factory=CaseBody)


def open_or_join(connection: Connection, case: NewCase, now: datetime) -> None:
    """Open *case*, or add what it brings to the one that is open under its key."""
    row = {
        "id": case.id,
        "kind": case.kind,
        "state": "OPEN",
        "open_key": case.key,
        "create_us": to_us(now),
        "due_us": to_us(case.due),
        "version": 1,
        "body": canonical(case.body).decode(),
    }
    if insert_ignore(connection, CASES, [row]):
        return
    known = select(CASES).where(CASES.c.open_key == case.key)
    found = connection.execute(known).one_or_none()
    if found is None:
        return
    opened = _from_row(found)
    body = joined(opened.body, case.body)
    if body != opened.body:
        save(connection, replace(opened, body=body), opened)


def joined(body: CaseBody, more: CaseBody) -> CaseBody:
    """Return *body* with what *more* brings; what is known counts once."""
    new_reports = [name for name in more.reports if name not in body.reports]
    return replace(
        body,
        accounts=_union(body.accounts, more.accounts),
        decisions=_union(body.decisions, more.decisions),
        contents=_union(body.contents, more.contents),
        reports=_union(body.reports, more.reports),
        report_count=body.report_count + len(new_reports),
        priority=max(body.priority, more.priority),
    )


def save(connection: Connection, case: StoredCase, before: StoredCase) -> StoredCase:
    """Write *case* over *before*. Raises WriteConflict where that is not the latest."""
    values: dict[str, Any] = {
        "state": case.state,
        "due_us": to_us(case.due),
        "version": before.version + 1,
        "body": canonical(case.body).decode(),
    }
    if case.state == "RESOLVED":
        values["open_key"] = None
    same = (CASES.c.id == case.id) & (CASES.c.version == before.version)
    if connection.execute(update(CASES).where(same).values(values)).rowcount != 1:
        raise WriteConflict
    return replace(case, version=before.version + 1)


def get(connection: Connection, case: str) -> StoredCase | None:
    """Return one case, or None."""
    row = connection.execute(select(CASES).where(CASES.c.id == case)).one_or_none()
    return None if row is None else _from_row(row)


def page(
    connection: Connection,
    kind: str | None,
    state: str | None,
    after: tuple[int, str] | None,
    limit: int,
) -> list[StoredCase]:
    """Return up to *limit* cases, those due first first."""
    found = select(CASES)
    if kind is not None:
        found = found.where(CASES.c.kind == kind)
    if state is not None:
        found = found.where(CASES.c.state == state)
    if after is not None:
        found = found.where(tuple_(CASES.c.due_us, CASES.c.id) > after)
    ordered = found.order_by(CASES.c.due_us, CASES.c.id).limit(limit)
    return [_from_row(row) for row in connection.execute(ordered)]


def key_of(case: StoredCase) -> tuple[int, str]:
    """Return where `page` goes on after *case*."""
    return to_us(case.due), case.id


def _union(known: Sequence[str], more: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*known, *more)))[:MAX_LISTED]


def _from_row(row: Any) -> StoredCase:
    return StoredCase(
        id=row.id,
        kind=row.kind,
        state=row.state,
        create_time=from_us(row.create_us),
        due=from_us(row.due_us),
        version=row.version,
        body=from_plain(CaseBody, json.loads(row.body)),
    )
