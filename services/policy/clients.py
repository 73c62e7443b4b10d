"""What policy asks of accounts, over a stub that is local or remote alike."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from services.policy.convert.evidence import evidence_of
from services.policy.convert.times import time_or_none
from services.policy.domain.evidence import Evidence
from services.policy.domain.truths import Annotation
from services.policy.reports import Report, ReportsTold, Resolution
from services.policy.worker import Change, Told
from services.runtime.calls import time_left
from services.runtime.clock import Clock
from services.runtime.errors import InvalidFields, ServiceError
from services.runtime.status import from_status
from truepen.accounts.v1 import accounts_service_pb2 as accounts_pb
from truepen.accounts.v1 import activities_pb2
from truepen.accounts.v1 import reports_service_pb2 as reports_pb

PROFILE_TIMEOUT = 5.0
BATCH_TIMEOUT = 20.0
ANSWER_SHARE = 0.8
"""Of the time left, what scoring may take; the rest is for judging."""
SHORTEST_WAIT = 0.05
BATCH_PREFIX = "activities[0]"


@dataclass(frozen=True, slots=True)
class Recorded:
    """An activity is durable, and where its scoring stands."""

    revision: int
    duplicate: bool
    score_state: activities_pb2.ScoreState.ValueType
    score: activities_pb2.ActivityScore | None


class Accounts:
    """The accounts service, in this process or another.

    Raises ServiceErrors only: DependencyUnavailable where it does not answer.
    """

    def __init__(self, accounts: Any, reports: Any) -> None:
        """Take the two stubs, each a LocalStub or a RemoteStub."""
        self._accounts = accounts
        self._reports = reports

    async def evidence(
        self, account: str, min_revision: int, now: datetime
    ) -> Evidence:
        """Return what is known of *account* at *now*, from *min_revision* on."""
        request = accounts_pb.GetProfileRequest(
            name=f"accounts/{account}/profile",
            min_revision=min_revision,
            view=accounts_pb.PROFILE_VIEW_EVIDENCE,
        )
        answer = await self._accounts.GetProfile(request, timeout=PROFILE_TIMEOUT)
        return evidence_of(answer.profile, now)

    async def evidence_of_many(
        self, accounts: Sequence[str], now: datetime
    ) -> dict[str, Evidence | ServiceError]:
        """Return what is known of each of *accounts* at *now*, or why nothing is."""
        request = accounts_pb.BatchGetProfilesRequest(
            names=[f"accounts/{account}/profile" for account in accounts],
            view=accounts_pb.PROFILE_VIEW_EVIDENCE,
        )
        answer = await self._accounts.BatchGetProfiles(request, timeout=BATCH_TIMEOUT)
        return {
            account: evidence_of(result.profile, now)
            if result.HasField("profile")
            else from_status(result.error)
            for account, result in zip(accounts, answer.results, strict=True)
        }

    async def record(self, activity: activities_pb2.Activity) -> Recorded:
        """Record one activity and wait for its score as long as there is time."""
        left = time_left(PROFILE_TIMEOUT) or PROFILE_TIMEOUT
        request = accounts_pb.RecordActivitiesRequest(
            activities=[activity], wait=accounts_pb.WAIT_MODE_ASSESSED
        )
        timeout = max(left * ANSWER_SHARE, SHORTEST_WAIT)
        try:
            answer = await self._accounts.RecordActivities(request, timeout=timeout)
        except InvalidFields as error:
            raise about_one(error) from error
        result = answer.results[0]
        if result.HasField("error"):
            raise about_one(from_status(result.error))
        receipt = result.recorded
        return Recorded(
            revision=receipt.revision,
            duplicate=receipt.duplicate,
            score_state=receipt.score_state,
            score=receipt.score if receipt.HasField("score") else None,
        )

    async def watch_profiles(
        self, cursor: str, partitions: Sequence[int], clock: Clock
    ) -> AsyncIterator[Told]:
        """Follow the profiles of *partitions* from *cursor* on."""
        request = accounts_pb.WatchProfilesRequest(
            cursor=cursor,
            partitions=partitions,
            include_profile=True,
            view=accounts_pb.PROFILE_VIEW_EVIDENCE,
        )
        async for answer in self._accounts.WatchProfiles(request):
            now = clock.now()
            changes = [change_of(change, now) for change in answer.changes]
            yield Told(answer.cursor, changes)

    async def watch_reports(self, cursor: str) -> AsyncIterator[ReportsTold]:
        """Follow reports from *cursor* on."""
        request = reports_pb.WatchReportsRequest(cursor=cursor)
        async for answer in self._reports.WatchReports(request):
            yield ReportsTold(answer.cursor, [report_of(r) for r in answer.reports])

    async def resolve_report(self, resolution: Resolution) -> None:
        """Tell what became of a report; idempotent by its request id."""
        request = reports_pb.ResolveReportRequest(
            name=resolution.report,
            state=reports_pb.ReportState.Value(f"REPORT_STATE_{resolution.state}"),
            moderator_final=resolution.moderator_final,
            request_id=resolution.request_id,
        )
        await self._reports.ResolveReport(request, timeout=PROFILE_TIMEOUT)

    async def annotate(self, account: str, annotation: Annotation) -> None:
        """Tell what people found about *account*; idempotent by its key."""
        request = accounts_pb.AnnotateAccountRequest(
            name=f"accounts/{account}",
            truth=accounts_pb.Truth.Value(f"TRUTH_{annotation.truth}"),
            source=annotation.source,
            decision=annotation.decision,
            request_id=str(uuid5(NAMESPACE_URL, f"truepen:{account}:{annotation.key}")),
        )
        await self._accounts.AnnotateAccount(request, timeout=PROFILE_TIMEOUT)


def change_of(change: accounts_pb.ProfileChange, now: datetime) -> Change:
    """Return what the feed told about one account."""
    whole = change.HasField("profile") and not change.erased
    return Change(
        account=change.account.split("/")[1],
        evidence=evidence_of(change.profile, now) if whole else None,
        urgent=change.urgent,
        erased=change.erased,
        change_time=time_or_none(change, "change_time"),
    )


def report_of(report: reports_pb.Report) -> Report:
    """Return what matters about a report for ordering work."""
    category = reports_pb.ReportCategory.Name(report.category)
    state = reports_pb.ReportState.Name(report.state)
    return Report(
        name=report.name,
        target=report.target_account.split("/")[1],
        contents=tuple(report.contents),
        category=category.removeprefix("REPORT_CATEGORY_"),
        state=state.removeprefix("REPORT_STATE_"),
    )


def about_one(error: ServiceError) -> ServiceError:
    """Name the fields as the caller of ReviewActivity knows them."""
    if not isinstance(error, InvalidFields):
        return error
    return InvalidFields(
        (field.replace(BATCH_PREFIX, "activity", 1), problem)
        for field, problem in error.violations
    )
