"""Accounts for policy's tests: profiles are what a test says they are."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.duration_pb2 import Duration

from services.runtime.errors import (
    DependencyUnavailable,
    InvalidField,
    NotFound,
    ServiceError,
)
from services.runtime.status import to_status
from truepen.accounts.v1 import accounts_service_pb2 as pb
from truepen.accounts.v1 import (
    activities_pb2,
    profile_pb2,
)
from truepen.accounts.v1 import reports_service_pb2 as reports_pb

START = datetime(2026, 4, 1, 12, tzinfo=UTC)
CHANNELS = [kind for kind in profile_pb2.ChannelKind.values() if kind]


def a_profile(account: str, revision: int = 1, **fields: Any) -> profile_pb2.Profile:
    """An account about which nothing speaks."""
    profile = profile_pb2.Profile(
        name=f"accounts/{account}/profile", revision=revision, **fields
    )
    profile.as_of_time.FromDatetime(START)
    profile.last_event_time.FromDatetime(START)
    profile.activity_count = profile.activity_count or 30
    if not profile.reliances:
        for days in (30, 90):
            profile.reliances.append(reliance(days, 0.0, 0.0, 0.02, eligible=30))
    if not profile.channels:
        for kind in CHANNELS:
            profile.channels.add(kind=kind, state=profile_pb2.CHANNEL_STATE_ABSTAINS)
    if not profile.HasField("automation"):
        profile.automation.probability = 0.01
    if not profile.HasField("interaction_automation"):
        profile.interaction_automation.probability = 0.01
    return profile


def reliance(
    days: int,
    lower: float,
    median: float,
    upper: float,
    eligible: int = 30,
    flagged: int = 0,
    hard: int = 0,
) -> profile_pb2.Reliance:
    """The reliance over one window."""
    return profile_pb2.Reliance(
        window=Duration(seconds=days * 86_400),
        state=profile_pb2.RELIANCE_STATE_IDENTIFIED,
        lower=lower,
        median=median,
        upper=upper,
        eligible_count=eligible,
        flagged_count=flagged,
        hard_count=hard,
        probability_none=0.9 if lower == 0 else 0.0,
    )


def hosted(account: str, revision: int = 1, posts: int = 40) -> profile_pb2.Profile:
    """A wholly hosted account: registered, posting and interacting by a tool."""
    profile = a_profile(
        account,
        revision,
        reliances=[
            reliance(days, 0.96, 0.99, 1.0, posts, flagged=posts, hard=posts)
            for days in (30, 90)
        ],
        automation=profile_pb2.Automation(
            probability=0.99999,
            channels=[
                profile_pb2.CHANNEL_KIND_OPERATION,
                profile_pb2.CHANNEL_KIND_TEMPO,
            ],
            hard=True,
            strategies=["TOOL_OPERATED"],
            support=2 * posts,
        ),
        operation=profile_pb2.OperationFacts(
            known_count=2 * posts + 1,
            registered_by_tool=True,
            tool_post_share=1.0,
            tool_interaction_share=1.0,
            tool_post_count=posts,
            tool_interaction_count=posts,
        ),
        channels=[
            speaking(profile_pb2.CHANNEL_KIND_OPERATION, 9.0, hard=True),
            speaking(profile_pb2.CHANNEL_KIND_TEMPO, 4.0),
            speaking(profile_pb2.CHANNEL_KIND_STYLE, 6.0),
            speaking(profile_pb2.CHANNEL_KIND_PROVENANCE, 6.9, hard=True),
        ],
        model_digests=["a" * 64],
    )
    add_flagged(profile, 3, "AIGC_LABEL")
    return profile


def occasional(account: str, revision: int = 1) -> profile_pb2.Profile:
    """A person some of whose posts are AI-made."""
    profile = a_profile(
        account,
        revision,
        reliances=[
            reliance(days, 0.12, 0.25, 0.40, 30, flagged=8) for days in (30, 90)
        ],
        channels=[speaking(profile_pb2.CHANNEL_KIND_STYLE, 5.0)],
        model_digests=["a" * 64],
    )
    add_flagged(profile, 2, "AI_STYLE")
    return profile


def speaking(kind: Any, llr: float, *, hard: bool = False) -> profile_pb2.Channel:
    """A channel that speaks."""
    return profile_pb2.Channel(
        kind=kind,
        state=profile_pb2.CHANNEL_STATE_SPEAKS,
        log_likelihood_ratio=llr,
        support=30,
        hard=hard,
    )


def add_flagged(profile: profile_pb2.Profile, count: int, reason: str) -> None:
    """Add *count* posts that gave evidence, newest first."""
    for number in range(count):
        item = profile.flagged_contents.add(
            activity=f"n{number}", log_likelihood_ratio=3.0, reasons=[reason]
        )
        item.event_time.FromDatetime(START - timedelta(hours=number))


class FakeAccounts:
    """Tells the profiles it was given; `away` makes it answer nothing."""

    def __init__(self) -> None:
        self.profiles: dict[str, profile_pb2.Profile] = {}
        self.after_recording: dict[str, profile_pb2.Profile] = {}
        self.away = False
        self.annotations: list[pb.AnnotateAccountRequest] = []
        self.changes: list[tuple[str, bool]] = []
        self.cursors_asked: list[str] = []
        self.refusal: ServiceError | None = None
        self._changed = asyncio.Event()

    def tell(self, profile: profile_pb2.Profile, *, urgent: bool = False) -> None:
        """Change an account's profile, and tell followers."""
        account = profile.name.split("/")[1]
        self.profiles[account] = profile
        self.changes.append((account, urgent))
        self._changed.set()

    def erase(self, account: str) -> None:
        """Forget an account, and tell followers."""
        del self.profiles[account]
        self.changes.append((account, True))
        self._changed.set()

    async def GetProfile(self, request: Any, context: Any) -> pb.GetProfileResponse:
        self._answer_or_raise()
        account = request.name.split("/")[1]
        if account not in self.profiles:
            raise NotFound("profile", request.name)
        return pb.GetProfileResponse(profile=self.profiles[account])

    async def BatchGetProfiles(
        self, request: Any, context: Any
    ) -> pb.BatchGetProfilesResponse:
        self._answer_or_raise()
        return pb.BatchGetProfilesResponse(
            results=[
                pb.ProfileResult(profile=self.profiles[account])
                if (account := name.split("/")[1]) in self.profiles
                else pb.ProfileResult(error=to_status(NotFound("profile", name)))
                for name in request.names
            ]
        )

    async def RecordActivities(
        self, request: Any, context: Any
    ) -> pb.RecordActivitiesResponse:
        self._answer_or_raise()
        activity = request.activities[0]
        if not activity.id:
            error = InvalidField("activities[0].id", "must have 1 to 128 characters")
            return pb.RecordActivitiesResponse(
                results=[pb.RecordActivityResult(error=to_status(error))]
            )
        account = activity.account.split("/")[1]
        if account in self.after_recording:
            self.profiles[account] = self.after_recording.pop(account)
        profile = self.profiles.setdefault(account, a_profile(account))
        receipt = pb.RecordedReceipt(
            name=f"{activity.account}/activities/{activity.id}",
            revision=profile.revision,
            score_state=activities_pb2.SCORE_STATE_SCORED,
            score=activities_pb2.ActivityScore(verdict="HUMAN", ai_probability=0.02),
        )
        return pb.RecordActivitiesResponse(
            results=[pb.RecordActivityResult(recorded=receipt)]
        )

    async def AnnotateAccount(
        self, request: Any, context: Any
    ) -> pb.AnnotateAccountResponse:
        self._answer_or_raise()
        self.annotations.append(request)
        return pb.AnnotateAccountResponse()

    async def WatchProfiles(
        self, request: Any, context: Any
    ) -> AsyncIterator[pb.WatchProfilesResponse]:
        self._answer_or_raise()
        self.cursors_asked.append(request.cursor)
        position = int(request.cursor or 0)
        while True:
            while position < len(self.changes):
                account, urgent = self.changes[position]
                position += 1
                profile = self.profiles.get(account)
                yield pb.WatchProfilesResponse(
                    changes=[
                        pb.ProfileChange(
                            account=f"accounts/{account}",
                            revision=profile.revision if profile else 0,
                            urgent=urgent,
                            profile=profile,
                            erased=profile is None,
                        )
                    ],
                    cursor=str(position),
                )
            self._changed.clear()
            await self._changed.wait()
            self._answer_or_raise()

    def leave(self) -> None:
        """Answer nothing from now on, and break what is open."""
        self.away = True
        self._changed.set()

    def _answer_or_raise(self) -> None:
        if self.away:
            raise DependencyUnavailable("accounts")


class FakeReports:
    """Tells the reports it was given, and remembers what was resolved."""

    def __init__(self) -> None:
        self.reports: list[reports_pb.Report] = []
        self.resolved: dict[str, reports_pb.ResolveReportRequest] = {}
        self._changed = asyncio.Event()

    def receive(self, report: reports_pb.Report) -> None:
        """Take a report in, and tell followers."""
        self.reports.append(report)
        self._changed.set()

    async def WatchReports(
        self, request: Any, context: Any
    ) -> AsyncIterator[reports_pb.WatchReportsResponse]:
        position = int(request.cursor or 0)
        while True:
            while position < len(self.reports):
                report = self.reports[position]
                position += 1
                yield reports_pb.WatchReportsResponse(
                    reports=[report], cursor=str(position)
                )
            self._changed.clear()
            await self._changed.wait()

    async def ResolveReport(
        self, request: Any, context: Any
    ) -> reports_pb.ResolveReportResponse:
        self.resolved[request.name] = request
        return reports_pb.ResolveReportResponse()
