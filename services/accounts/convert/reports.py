"""Reports and reporters, in both directions."""

from services.accounts.convert.fields import (
    ACCOUNT_PREFIX,
    account_of,
    bounded,
    timestamp,
    timestamp_or_none,
)
from services.accounts.domain.reporters import is_warned
from services.accounts.report_states import State
from services.accounts.storage.reporting import Draft, Outcome
from services.accounts.storage.reports import Report, Reporter
from services.runtime.errors import InvalidField
from services.runtime.ids import check_id, check_name
from truepen.accounts.v1 import reports_service_pb2 as pb

MAX_CONTENTS = 50
MAX_NOTE = 1_000
RESOLVING = (State.IN_REVIEW, State.ACTIONED, State.NO_ACTION, State.MERGED)


def draft(request: pb.CreateReportRequest) -> Draft:
    """Return what is reported; raise InvalidField."""
    if len(request.contents) > MAX_CONTENTS:
        raise InvalidField("contents", f"must have at most {MAX_CONTENTS} items")
    if not request.category or request.category not in pb.ReportCategory.values():
        raise InvalidField("category", "must be one of ReportCategory")
    return Draft(
        account_of("target_account", request.target_account),
        tuple(
            check_id(f"contents[{index}]", content)
            for index, content in enumerate(request.contents)
        ),
        request.category,
        account_of("reporter", request.reporter),
        bounded("note", request.note, MAX_NOTE),
    )


def outcome(request: pb.ResolveReportRequest) -> Outcome:
    """Return what was found; raise InvalidField."""
    if request.state not in [state.value for state in RESOLVING]:
        problem = "must be IN_REVIEW, ACTIONED, NO_ACTION or MERGED"
        raise InvalidField("state", problem)
    state = State(request.state)
    merged = state is State.MERGED
    if merged != bool(request.merged_into):
        raise InvalidField("merged_into", "must be set for MERGED, and only then")
    into = report_of(request.merged_into, "merged_into") if merged else ""
    name = report_of(request.name, "name")
    return Outcome(name, state, into, request.moderator_final)


def report_of(name: str, field: str) -> str:
    """Return the id in `reports/{report}`, or raise InvalidField."""
    (report,) = check_name(field, name, "reports")
    return report


def message(report: Report) -> pb.Report:
    """Render *report*; the reporter is empty where they were erased."""
    by = f"{ACCOUNT_PREFIX}{report.reporter}" if report.reporter else ""
    return pb.Report(
        name=f"reports/{report.id}",
        target_account=f"{ACCOUNT_PREFIX}{report.target}",
        contents=report.contents,
        category=pb.ReportCategory.ValueType(report.category),
        reporter=by,
        note=report.note,
        state=pb.ReportState.ValueType(report.state),
        create_time=timestamp(report.create_us),
        update_time=timestamp(report.update_us),
        merged_into=f"reports/{report.merged_into}" if report.merged_into else "",
        reporter_notice=pb.ReporterNotice.ValueType(report.notice),
    )


def reporter_message(record: Reporter, now_us: int) -> pb.Reporter:
    """Render a reporter's record; a mute that is over is not shown."""
    muted = record.mute_us is not None and record.mute_us > now_us
    return pb.Reporter(
        name=f"reporters/{record.reporter}",
        report_count=record.report_count,
        confirmed_count=record.confirmed_count,
        unfounded_count=record.unfounded_count,
        reliability=record.reliability,
        mute_expire_time=timestamp_or_none(record.mute_us if muted else None),
        warned=is_warned(record.record),
    )
