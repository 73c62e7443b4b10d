"""Erasing an account from every table, and reading it out of every table."""

from collections.abc import Mapping
from hashlib import sha256

from sqlalchemy import Connection, delete, func, select, tuple_

from services.accounts.storage import accounts, audit, profiles
from services.accounts.storage.audit import Act
from services.accounts.storage.profiles import Changed, Held
from services.accounts.storage.rows import (
    AccountModelRow,
    AccountRow,
    ActivityRow,
    AnnotationRow,
    PendingTextRow,
    ReporterRow,
    ReportRow,
    Row,
    ScoreRow,
    table,
)
from services.accounts.storage.rows_apart import BaseRow, FindingRow

PAGE = 500
OWNED = (
    ActivityRow,
    ScoreRow,
    AccountModelRow,
    PendingTextRow,
    AnnotationRow,
    FindingRow,
    BaseRow,
)
EXPORTED: Mapping[str, tuple[type[Row], str, tuple[str, ...]]] = {
    "account": (AccountRow, "account", ()),
    "activity": (ActivityRow, "account", ("id",)),
    "score": (ScoreRow, "account", ("activity", "model_digest")),
    "pending_text": (PendingTextRow, "account", ("activity",)),
    "annotation": (AnnotationRow, "account", ("id",)),
    "finding": (FindingRow, "account", ("version_us",)),
    "base": (BaseRow, "account", ()),
    "report_made": (ReportRow, "reporter", ("id",)),
    "reporter": (ReporterRow, "reporter", ()),
}
"""Kinds of lines: table, the column that names the account, and the order."""


def hashed(account: str) -> str:
    """Return what stands for an account that is erased."""
    return sha256(account.encode()).hexdigest()


def erase(connection: Connection, name: str, act: Act, now_us: int) -> int | None:
    """Erase an account; return how many activities, None where it is unknown.

    Its place in the feed stays, empty, so that followers learn of it and
    revisions never go back. Reports that it made are withdrawn from it: they
    stay with their target, under no name and without their note.
    """
    if name not in accounts.told(connection, [name]):
        return None
    held = profiles.profiles(connection, [name], lock=True).get(name) or Held(name)
    counts = {}
    for row in OWNED:
        owned = table(row)
        gone = delete(owned).where(owned.c.account == name)
        counts[row] = connection.execute(gone).rowcount
    told, made, record = table(AccountRow), table(ReportRow), table(ReporterRow)
    connection.execute(delete(told).where(told.c.account == name))
    connection.execute(delete(made).where(made.c.target == name))
    connection.execute(delete(record).where(record.c.reporter == name))
    anonymous = made.update().where(made.c.reporter == name)
    connection.execute(anonymous.values(reporter="", note=b""))
    profiles.keep(connection, [Changed(held, b"", erased=True)], now_us)
    # Who looked stays on record; at whom, only for those who know the id.
    audit.rename(connection, name, hashed(name))
    audit.note(connection, act, now_us)
    return counts[ActivityRow]


def export_begins(
    connection: Connection, name: str, act: Act, now_us: int
) -> int | None:
    """Audit an export; return how many lines it has, None for an unknown account."""
    if name not in accounts.told(connection, [name]):
        return None
    audit.note(connection, act, now_us)
    total = 0
    for row, owner, _ in EXPORTED.values():
        source = table(row)
        query = select(func.count()).where(source.c[owner] == name)
        total += connection.execute(query.select_from(source)).scalar_one()
    return total


def exported(
    connection: Connection, name: str, kind: str, after: tuple[object, ...]
) -> tuple[list[Mapping[str, object]], tuple[object, ...]]:
    """Return a page of lines of one *kind*, and where the next one begins."""
    row, owner, order = EXPORTED[kind]
    source = table(row)
    query = select(source).where(source.c[owner] == name)
    columns = [source.c[column] for column in order]
    if after:
        query = query.where(tuple_(*columns) > after)
    rows = connection.execute(query.order_by(*columns).limit(PAGE)).mappings().all()
    pieces: list[Mapping[str, object]] = [
        {"kind": kind, "data": dict(found)} for found in rows
    ]
    if len(rows) < PAGE or not order:
        return pieces, ()
    return pieces, tuple(rows[-1][column] for column in order)
