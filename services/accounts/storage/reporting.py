"""The life of a report; each step is one transaction, made once."""

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from services.accounts.domain.reporters import Record, is_muted, is_warned
from services.accounts.report_states import Finding, Notice, State, check_step
from services.accounts.storage import accounts, profiles, reports
from services.accounts.storage.reports import Report, Reporter
from services.accounts.storage.requests import ANSWERS
from services.runtime.errors import (
    FailedPrecondition,
    Kind,
    NotFound,
    RateLimited,
    ServiceError,
)
from services.runtime.requests import Request

MINUTE_US = 60 * 1_000_000
DAY_US = 24 * 60 * MINUTE_US
MUTE_US = 30 * DAY_US


class NotOwner(ServiceError):
    """Only the one it belongs to may do this."""

    kind = Kind.PERMISSION_DENIED
    reason = "NOT_OWNER"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} belongs to another account", name=name)


@dataclass(frozen=True, slots=True)
class Limits:
    """Reports that one reporter may make."""

    per_minute: int = 10
    per_day: int = 100


@dataclass(frozen=True, slots=True)
class Draft:
    """A report as it comes in."""

    target: str
    contents: tuple[str, ...]
    category: int
    reporter: str
    note: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a report. `final`: a moderator's word, which teaches."""

    report: str
    state: State
    merged_into: str
    final: bool


def create(
    connection: Connection,
    draft: Draft,
    request: Request,
    limits: Limits,
    now_us: int,
) -> tuple[Report, bool]:
    """Take *draft* in; return it, and whether it had been received before."""
    first = ANSWERS.get(connection, request)
    if first is not None:
        name = first.decode()
        found = reports.find(connection, name)
        if found is None:  # its target was erased since
            raise NotFound("report", f"reports/{name}")
        return found, True
    record = reports.reporter(connection, draft.reporter, lock=True)
    _check_rate(connection, draft.reporter, limits, now_us)
    muted = record.mute_us is not None and record.mute_us > now_us
    report = Report(
        id=request.request_id,
        target=draft.target,
        contents=draft.contents,
        category=draft.category,
        reporter=draft.reporter,
        note=draft.note,
        state=State.RECEIVED,
        notice=_receipt(record, muted=muted),
        merged_into="",
        finding=Finding.NONE,
        weight=0.0 if muted else record.reliability,
        create_us=now_us,
        update_us=now_us,
    )
    kept = reports.keep(connection, report)
    more = replace(record, report_count=record.report_count + 1)
    reports.keep_reporter(connection, more)
    accounts.introduce(connection, [draft.target], now_us)
    profiles.touch(connection, [draft.target], now_us)
    ANSWERS.keep(connection, request, report.id.encode(), now_us)
    return kept, False


def withdraw(
    connection: Connection, name: str, reporter: str, now_us: int
) -> Report | None:
    """Take a report back; doing so again changes nothing."""
    report = reports.find(connection, name, lock=True)
    if report is None:
        return None
    if report.reporter != reporter:
        raise NotOwner(f"reports/{name}")
    if report.state == State.WITHDRAWN:
        return report
    check_step(name, State(report.state), State.WITHDRAWN)
    kept = reports.keep(
        connection, replace(report, state=State.WITHDRAWN, update_us=now_us)
    )
    record = reports.reporter(connection, reporter, lock=True)
    fewer = replace(record, report_count=max(record.report_count - 1, 0))
    reports.keep_reporter(connection, fewer)
    profiles.touch(connection, [report.target], now_us)
    return kept


def resolve(
    connection: Connection, outcome: Outcome, request: Request, now_us: int
) -> Report | None:
    """Record what was found; a repeat of *request* changes nothing."""
    report = reports.find(connection, outcome.report, lock=True)
    if report is None or ANSWERS.get(connection, request) is not None:
        return report
    check_step(report.id, State(report.state), outcome.state)
    _check_merge(connection, report, outcome)
    notices = {State.ACTIONED: Notice.ACTIONED, State.NO_ACTION: Notice.NO_ACTION}
    changed = replace(
        report,
        state=outcome.state,
        merged_into=outcome.merged_into,
        notice=notices.get(outcome.state, Notice(report.notice)),
        update_us=now_us,
    )
    findings = {State.ACTIONED: Finding.FOUNDED, State.NO_ACTION: Finding.UNFOUNDED}
    finding = findings.get(outcome.state, Finding.NONE)
    if outcome.final and finding is not Finding.NONE and report.reporter:
        changed = replace(changed, finding=finding)
        _teach(connection, report, finding, now_us)
    kept = reports.keep(connection, changed)
    ANSWERS.keep(connection, request, report.id.encode(), now_us)
    return kept


def _check_rate(
    connection: Connection, reporter: str, limits: Limits, now_us: int
) -> None:
    made = reports.made_since(connection, reporter, now_us - DAY_US)
    if len(made) >= limits.per_day:
        wait_us = made[-limits.per_day] + DAY_US - now_us
        raise RateLimited("reports per reporter and day", wait_us / 1e6)
    recent = [create_us for create_us in made if create_us > now_us - MINUTE_US]
    if len(recent) >= limits.per_minute:
        wait_us = recent[-limits.per_minute] + MINUTE_US - now_us
        raise RateLimited("reports per reporter and minute", wait_us / 1e6)


def _receipt(record: Reporter, *, muted: bool) -> Notice:
    if muted:
        return Notice.MUTED
    warned = is_warned(record.record)
    return Notice.RECEIVED_WITH_WARNING if warned else Notice.RECEIVED


def _check_merge(connection: Connection, report: Report, outcome: Outcome) -> None:
    if outcome.state is not State.MERGED:
        return
    other = reports.find(connection, outcome.merged_into)
    if other is None:
        name = f"reports/{outcome.merged_into}"
        raise NotFound("report", name)
    if other.id == report.id or other.state == State.MERGED:
        text = "a report is merged into another one that is not merged itself"
        raise FailedPrecondition(text, name=f"reports/{report.id}")


def _teach(
    connection: Connection, report: Report, finding: Finding, now_us: int
) -> None:
    """Count the finding; a moderator who changes their mind is counted once."""
    record = reports.reporter(connection, report.reporter, lock=True)
    before = Finding(report.finding)
    confirmed = record.confirmed_count + (finding is Finding.FOUNDED)
    unfounded = record.unfounded_count + (finding is Finding.UNFOUNDED)
    confirmed -= before is Finding.FOUNDED
    unfounded -= before is Finding.UNFOUNDED
    worse = finding is Finding.UNFOUNDED and before is not Finding.UNFOUNDED
    muted = worse and is_muted(Record(confirmed, unfounded))
    mute_us = now_us + MUTE_US if muted else record.mute_us
    reports.keep_reporter(
        connection,
        replace(
            record,
            confirmed_count=confirmed,
            unfounded_count=unfounded,
            mute_us=mute_us,
        ),
    )
