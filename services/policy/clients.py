"""What policy asks of accounts, over a stub that is local or remote alike."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from services.runtime.calls import time_left
from services.runtime.errors import InvalidFields, ServiceError
from services.runtime.status import from_status
from truepen.accounts.v1 import accounts_service_pb2 as accounts_pb
from truepen.accounts.v1 import activities_pb2, profile_pb2
from truepen.accounts.v1 import reports_service_pb2 as reports_pb

PROFILE_TIMEOUT = 5.0
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

    async def profile(self, account: str, min_revision: int = 0) -> profile_pb2.Profile:
        """Return the profile of *account* from *min_revision* on."""
        request = accounts_pb.GetProfileRequest(
            name=f"accounts/{account}/profile", min_revision=min_revision
        )
        answer = await self._accounts.GetProfile(request, timeout=PROFILE_TIMEOUT)
        profile: profile_pb2.Profile = answer.profile
        return profile

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

    def watch_profiles(
        self, cursor: str, partitions: Sequence[int]
    ) -> AsyncIterator[accounts_pb.WatchProfilesResponse]:
        """Follow the profiles of *partitions* from *cursor* on."""
        request = accounts_pb.WatchProfilesRequest(
            cursor=cursor, partitions=partitions, include_profile=True
        )
        return aiter(self._accounts.WatchProfiles(request))

    def watch_reports(
        self, cursor: str
    ) -> AsyncIterator[reports_pb.WatchReportsResponse]:
        """Follow reports from *cursor* on."""
        request = reports_pb.WatchReportsRequest(cursor=cursor)
        return aiter(self._reports.WatchReports(request))

    async def resolve_report(self, request: reports_pb.ResolveReportRequest) -> None:
        """Tell what became of a report; idempotent by its request id."""
        await self._reports.ResolveReport(request, timeout=PROFILE_TIMEOUT)


def about_one(error: ServiceError) -> ServiceError:
    """Name the fields as the caller of ReviewActivity knows them."""
    if not isinstance(error, InvalidFields):
        return error
    return InvalidFields(
        (field.replace(BATCH_PREFIX, "activity", 1), problem)
        for field, problem in error.violations
    )
