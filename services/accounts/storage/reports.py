"""Reports, their reporters, and the feed of what became of them."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from sqlalchemy import Connection, and_, or_, select, update

from services.accounts.domain.evidence import ReportSummary
from services.accounts.domain.reporters import Record, Voice, reliability, summary
from services.accounts.storage import references
from services.accounts.storage.feed import REPORTS as FEED
from services.accounts.storage.feed import take_numbers
from services.accounts.storage.rows import ReporterRow, ReportRow, table
from services.runtime.database import insert, insert_ignore

REPORTS = table(ReportRow)
REPORTERS = table(ReporterRow)
WITHDRAWN = 6
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Report:
    """A report as it is kept; numbers of the contract, times in microseconds."""

    id: str
    target: str
    contents: tuple[str, ...]
    category: int
    reporter: str
    note: str
    state: int
    notice: int
    merged_into: str
    finding: int
    weight: float
    create_us: int
    update_us: int
    change_sequence: int = 0


@dataclass(frozen=True, slots=True)
class Reporter:
    """A reporter's record; `mute_us`: until when nothing of theirs counts."""

    reporter: str
    report_count: int = 0
    confirmed_count: int = 0
    unfounded_count: int = 0
    mute_us: int | None = None

    @property
    def record(self) -> Record:
        """The outcomes that teach reliability."""
        return Record(self.confirmed_count, self.unfounded_count)

    @property
    def reliability(self) -> float:
        """How far the reporter has been right, in (0, 1)."""
        return reliability(self.record)


COLUMNS = tuple(REPORTS.c[field.name] for field in fields(Report))


def keep(connection: Connection, report: Report) -> Report:
    """Keep *report* as it now is, and tell followers."""
    [number] = take_numbers(connection, [FEED])
    row = {field.name: getattr(report, field.name) for field in fields(Report)}
    row["contents"] = json.dumps(report.contents).encode()
    row["note"] = report.note.encode()
    row["change_sequence"] = number
    statement = insert(connection, REPORTS).values(row)
    changing = ("state", "notice", "merged_into", "finding", "weight", "update_us")
    upsert = statement.on_conflict_do_update(
        index_elements=[REPORTS.c.target, REPORTS.c.id],
        set_={name: row[name] for name in (*changing, "change_sequence")},
    )
    connection.execute(upsert)
    return _read(tuple(row.values()))


def find(connection: Connection, report: str, *, lock: bool = False) -> Report | None:
    """Return the report of this id, or None."""
    query = select(*COLUMNS).where(REPORTS.c.id == report)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else _read(row)


def page(
    connection: Connection,
    chosen: tuple[str, int],
    before: tuple[int, str] | None,
    limit: int,
) -> list[Report]:
    """Return up to *limit* reports, newest first, older than *before*.

    *chosen*: only against this account, only in this state; empty and 0 = any.
    """
    target, state = chosen
    query = select(*COLUMNS)
    if target:
        query = query.where(REPORTS.c.target == target)
    if state:
        query = query.where(REPORTS.c.state == state)
    if before is not None:
        create_us, report = before
        older = and_(REPORTS.c.create_us == create_us, REPORTS.c.id < report)
        query = query.where(or_(REPORTS.c.create_us < create_us, older))
    query = query.order_by(REPORTS.c.create_us.desc(), REPORTS.c.id.desc())
    return [_read(row) for row in connection.execute(query.limit(limit))]


def changed_after(connection: Connection, sequence: int, limit: int) -> list[Report]:
    """Return up to *limit* reports that changed after *sequence*, in order."""
    query = select(*COLUMNS).where(REPORTS.c.change_sequence > sequence)
    query = query.order_by(REPORTS.c.change_sequence).limit(limit)
    return [_read(row) for row in connection.execute(query)]


def made_since(connection: Connection, reporter: str, since_us: int) -> list[int]:
    """Return when *reporter* made reports after *since_us*, oldest first."""
    query = select(REPORTS.c.create_us).where(
        REPORTS.c.reporter == reporter, REPORTS.c.create_us > since_us
    )
    return list(connection.scalars(query.order_by(REPORTS.c.create_us)))


def reporter(connection: Connection, name: str, *, lock: bool = False) -> Reporter:
    """Return the record of a reporter, empty where there is none."""
    columns = [REPORTERS.c[field.name] for field in fields(Reporter)]
    query = select(*columns).where(REPORTERS.c.reporter == name)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return Reporter(name) if row is None else Reporter(*row)


def keep_reporter(connection: Connection, record: Reporter) -> None:
    """Keep *record* as it now is."""
    row = {field.name: getattr(record, field.name) for field in fields(Reporter)}
    insert_ignore(connection, REPORTERS, [row])
    chosen = update(REPORTERS).where(REPORTERS.c.reporter == record.reporter)
    connection.execute(chosen.values(row))


def summaries(
    connection: Connection, targets: Collection[str], until_us: int | None = None
) -> dict[str, ReportSummary]:
    """Return what the reports against each of *targets* amount to."""
    voices: dict[str, list[Voice]] = {}
    names = sorted(targets)
    for start in range(0, len(names), CHUNK):
        query = select(
            REPORTS.c.target,
            REPORTS.c.reporter,
            REPORTS.c.note,
            REPORTS.c.weight,
            REPORTS.c.create_us,
        ).where(
            REPORTS.c.target.in_(names[start : start + CHUNK]),
            REPORTS.c.state != WITHDRAWN,
        )
        if until_us is not None:
            query = query.where(REPORTS.c.create_us <= until_us)
        for target, by, note, weight, create_us in connection.execute(query):
            voice = Voice(by, bytes(note).decode(), weight, create_us)
            voices.setdefault(target, []).append(voice)
    heard_of = {voice.reporter for heard in voices.values() for voice in heard}
    clusters = references.clusters(connection, heard_of, until_us)
    return {
        target: summary(
            replace(voice, cluster=clusters.get(voice.reporter, "")) for voice in heard
        )
        for target, heard in voices.items()
    }


def _read(row: Sequence[Any]) -> Report:
    values: dict[str, Any] = {
        field.name: value for field, value in zip(fields(Report), row, strict=True)
    }
    values["contents"] = tuple(json.loads(bytes(values["contents"])))
    values["note"] = bytes(values["note"]).decode()
    return Report(**values)
