"""ReportsService: parse, ask, render."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.accounts.convert import reports as convert
from services.accounts.convert.fields import account_of
from services.accounts.domain.times import to_us
from services.runtime.errors import InvalidField
from services.runtime.ids import check_name
from services.runtime.paging import Tokens, page_size, query_of
from services.runtime.requests import request_of
from truepen.accounts.v1 import reports_service_pb2 as pb
from truepen.accounts.v1 import reports_service_pb2_grpc as pb_grpc

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import grpc

    from services.accounts.feed import Feed
    from services.accounts.reports import Reports
    from services.runtime.clock import Clock

    Context = grpc.aio.ServicerContext[Any, Any]

SERVICE = "truepen.accounts.v1.ReportsService"
MAX_PAGE = 1_000


class ReportsServicer(pb_grpc.ReportsServiceServicer):
    """Serves ReportsService."""

    def __init__(
        self, reports: Reports, feed: Feed, clock: Clock, tokens: Tokens
    ) -> None:
        self._reports = reports
        self._feed = feed
        self._clock = clock
        self._tokens = tokens

    async def CreateReport(
        self, request: pb.CreateReportRequest, context: Context
    ) -> pb.CreateReportResponse:
        """Take a report in."""
        taken = await self._reports.create(convert.draft(request), request_of(request))
        return pb.CreateReportResponse(
            report=convert.message(taken.report), duplicate=taken.duplicate
        )

    async def GetReport(
        self, request: pb.GetReportRequest, context: Context
    ) -> pb.GetReportResponse:
        """Return a report."""
        report = await self._reports.get(convert.report_of(request.name, "name"))
        return pb.GetReportResponse(report=convert.message(report))

    async def ListReports(
        self, request: pb.ListReportsRequest, context: Context
    ) -> pb.ListReportsResponse:
        """Return a page of reports, newest first."""
        if request.state not in pb.ReportState.values():
            raise InvalidField("state", "must be one of ReportState")
        target = request.target_account
        against = account_of("target_account", target) if target else ""
        query, before = query_of(request), None
        size = page_size(request.page_size, 50, MAX_PAGE)
        if request.page_token:
            create_us, report = self._tokens.open(query, request.page_token)
            before = (int(create_us or 0), str(report))
        found = await self._reports.page((against, request.state), before, size)
        token = ""
        if len(found) == size:
            token = self._tokens.seal(query, [found[-1].create_us, found[-1].id])
        return pb.ListReportsResponse(
            reports=map(convert.message, found), next_page_token=token
        )

    async def WatchReports(
        self, request: pb.WatchReportsRequest, context: Context
    ) -> AsyncIterator[pb.WatchReportsResponse]:
        """Tell which reports are new or changed; ends with a cursor to resume."""
        async for told in self._feed.reports(request.cursor, once=request.once):
            yield pb.WatchReportsResponse(
                reports=map(convert.message, told.items), cursor=told.cursor
            )

    async def WithdrawReport(
        self, request: pb.WithdrawReportRequest, context: Context
    ) -> pb.WithdrawReportResponse:
        """Take a report back."""
        name = convert.report_of(request.name, "name")
        reporter = account_of("reporter", request.reporter)
        report = await self._reports.withdraw(name, reporter)
        return pb.WithdrawReportResponse(report=convert.message(report))

    async def ResolveReport(
        self, request: pb.ResolveReportRequest, context: Context
    ) -> pb.ResolveReportResponse:
        """Record what was found."""
        report = await self._reports.resolve(
            convert.outcome(request), request_of(request)
        )
        return pb.ResolveReportResponse(report=convert.message(report))

    async def GetReporter(
        self, request: pb.GetReporterRequest, context: Context
    ) -> pb.GetReporterResponse:
        """Return a reporter's record."""
        (account,) = check_name("name", request.name, "reporters")
        record = await self._reports.reporter(account)
        now_us = to_us(self._clock.now())
        return pb.GetReporterResponse(reporter=convert.reporter_message(record, now_us))
