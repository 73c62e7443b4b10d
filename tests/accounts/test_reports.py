"""ReportsService: taken in once, weighed by the record, never by numbers alone."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accounts.domain.reporters import Record, Voice, reliability, summary
from services.runtime.errors import (
    FailedPrecondition,
    InvalidFields,
    NotFound,
    RateLimited,
    RequestIdReused,
    ServiceError,
)
from tests.accounts.serving import Running, accounts_running, reasons
from truepen.accounts.v1 import accounts_service_pb2 as accounts_pb
from truepen.accounts.v1 import reports_service_pb2 as pb

COUNTS = st.integers(0, 1_000)


def a_report(**fields: Any) -> pb.CreateReportRequest:
    fields = {
        "target_account": "accounts/a1",
        "category": pb.REPORT_CATEGORY_HOSTED_ACCOUNT,
        "reporter": "accounts/r1",
        "request_id": str(uuid4()),
        **fields,
    }
    return pb.CreateReportRequest(**fields)


async def resolve(
    running: Running, report: str, state: pb.ReportState.ValueType, **fields: Any
) -> Any:
    fields.setdefault("request_id", str(uuid4()))
    request = pb.ResolveReportRequest(name=report, state=state, **fields)
    return (await running.reports.ResolveReport(request)).report


async def test_a_report_is_taken_in_once(tmp_path: Path) -> None:
    async with accounts_running(tmp_path) as running:
        request = a_report(contents=["n1"], note="all day long")
        first = await running.reports.CreateReport(request)
        again = await running.reports.CreateReport(request)
        request.note = "never mind"

        assert (first.duplicate, again.duplicate) == (False, True)
        assert first.report == again.report
        assert first.report.reporter_notice == pb.REPORTER_NOTICE_RECEIVED
        with pytest.raises(RequestIdReused):
            await running.reports.CreateReport(request)


async def test_reports_are_counted_by_independent_reporter(tmp_path: Path) -> None:
    async with accounts_running(tmp_path) as running:
        for reporter in ("r1", "r2", "r3"):
            by = f"accounts/{reporter}"
            note = "" if reporter == "r1" else "Same  words"
            await running.reports.CreateReport(a_report(reporter=by, note=note))
        await running.reports.CreateReport(a_report(reporter="accounts/r1"))
        named = accounts_pb.GetProfileRequest(name="accounts/a1/profile")
        found = (await running.accounts.GetProfile(named)).profile.reports

        assert (found.report_count, found.independent_count) == (4, 2)


async def test_only_its_reporter_withdraws_a_report(tmp_path: Path) -> None:
    async with accounts_running(tmp_path) as running:
        made = (await running.reports.CreateReport(a_report())).report
        request = pb.WithdrawReportRequest(name=made.name, reporter="accounts/other")
        with pytest.raises(ServiceError) as caught:
            await running.reports.WithdrawReport(request)
        request.reporter = "accounts/r1"
        first = await running.reports.WithdrawReport(request)
        again = await running.reports.WithdrawReport(request)

        assert caught.value.reason == "NOT_OWNER"
        assert first == again
        assert first.report.state == pb.REPORT_STATE_WITHDRAWN
        with pytest.raises(FailedPrecondition):
            await resolve(running, made.name, pb.REPORT_STATE_ACTIONED)


async def test_a_final_word_teaches_and_is_followed(tmp_path: Path) -> None:
    async with accounts_running(tmp_path) as running:
        made = (await running.reports.CreateReport(a_report())).report
        watch = pb.WatchReportsRequest(once=True)
        [new] = [told async for told in running.reports.WatchReports(watch)]
        state, again = pb.REPORT_STATE_ACTIONED, str(uuid4())
        for _ in range(2):
            await resolve(
                running, made.name, state, moderator_final=True, request_id=again
            )
        watch.cursor = new.cursor
        [resolved] = [told async for told in running.reports.WatchReports(watch)]
        named = pb.GetReporterRequest(name="reporters/r1")
        reporter = (await running.reports.GetReporter(named)).reporter

        assert [report.state for report in new.reports] == [pb.REPORT_STATE_RECEIVED]
        assert [report.state for report in resolved.reports] == [state]
        assert (reporter.report_count, reporter.confirmed_count) == (1, 1)
        assert reporter.reliability == pytest.approx(0.6)


async def test_frequent_unfounded_reports_warn_then_mute(tmp_path: Path) -> None:
    notices = []
    async with accounts_running(tmp_path) as running:
        for _ in range(8):
            running.clock.advance(timedelta(minutes=5))
            made = (await running.reports.CreateReport(a_report())).report
            notices.append(made.reporter_notice)
            await resolve(
                running, made.name, pb.REPORT_STATE_NO_ACTION, moderator_final=True
            )
        named = pb.GetReporterRequest(name="reporters/r1")
        reporter = (await running.reports.GetReporter(named)).reporter

    assert notices[:3] == [pb.REPORTER_NOTICE_RECEIVED] * 3
    assert notices[3:6] == [pb.REPORTER_NOTICE_RECEIVED_WITH_WARNING] * 3
    assert notices[6:] == [pb.REPORTER_NOTICE_MUTED] * 2
    assert reporter.HasField("mute_expire_time")


async def test_a_reporter_has_a_share_of_reports(tmp_path: Path) -> None:
    async with accounts_running(tmp_path, reports_per_minute=2) as running:
        for _ in range(2):
            await running.reports.CreateReport(a_report())
        with pytest.raises(RateLimited) as caught:
            await running.reports.CreateReport(a_report())
        running.clock.advance(timedelta(minutes=1))

        assert caught.value.retry_after == 60
        await running.reports.CreateReport(a_report())


async def test_reports_are_merged_into_one_that_exists(tmp_path: Path) -> None:
    async with accounts_running(tmp_path) as running:
        one = (await running.reports.CreateReport(a_report())).report
        two = (await running.reports.CreateReport(a_report())).report
        merged = pb.REPORT_STATE_MERGED
        with pytest.raises(NotFound):
            await resolve(running, two.name, merged, merged_into="reports/no")
        with pytest.raises(InvalidFields):
            await resolve(running, two.name, merged)
        found = await resolve(running, two.name, merged, merged_into=one.name)

        assert found.merged_into == one.name


BAD = [
    ({"category": 0}, "category"),
    ({"category": 99}, "category"),
    ({"reporter": "r1"}, "reporter"),
    ({"note": "x" * 1_001}, "note"),
    ({"contents": ["n"] * 51}, "contents"),
    ({"contents": ["ok", "a/b"]}, "contents[1]"),
    ({"request_id": "1"}, "request_id"),
]


@pytest.mark.parametrize(("fields", "field"), BAD)
async def test_a_bad_report_is_refused_by_field(
    tmp_path: Path, fields: dict[str, Any], field: str
) -> None:
    async with accounts_running(tmp_path) as running:
        with pytest.raises(InvalidFields) as caught:
            await running.reports.CreateReport(a_report(**fields))

        assert reasons(caught.value) == (field,)
        listed = await running.reports.ListReports(pb.ListReportsRequest())
        assert list(listed.reports) == []


def test_nothing_known_is_one_half() -> None:
    assert reliability(Record()) == 0.5


@given(COUNTS, COUNTS)
def test_each_outcome_moves_reliability_its_way(confirmed: int, unfounded: int) -> None:
    now = reliability(Record(confirmed, unfounded))

    assert 0 < now < 1
    assert reliability(Record(confirmed + 1, unfounded)) > now
    assert reliability(Record(confirmed, unfounded + 1)) < now


@given(st.integers(1, 50))
def test_a_flood_in_the_same_words_is_one_voice(size: int) -> None:
    voices = [Voice(f"r{n}", "Report this bot!", 0.5, n) for n in range(size)]

    found = summary(voices)

    assert (found.report_count, found.independent_count) == (size, 1)
    assert found.weight == 0.5


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from("-AB")), min_size=1))
def test_reporters_who_act_together_are_one_voice(pairs: list[tuple[int, str]]) -> None:
    member = dict(pairs)
    voices = [
        Voice(f"r{who}", "", 0.5, at, "" if cluster == "-" else cluster)
        for at, (who, cluster) in enumerate(member.items())
    ]

    found = summary(voices)

    alone = sum(cluster == "-" for cluster in member.values())
    assert found.independent_count == alone + len(set(member.values()) - {"-"})
