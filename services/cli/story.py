"""Lets the five stories of `truepen demo` happen, over real gRPC."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from services.cli.answers import tier_name
from services.cli.stories import DAYS, START, Character
from services.runtime.client import RemoteStub
from services.runtime.clock import CALLER_TIME
from truepen.accounts.v1 import (
    accounts_service_pb2,
    accounts_service_pb2_grpc,
    activities_pb2,
    profile_pb2,
)
from truepen.policy.v1 import (
    cases_service_pb2,
    cases_service_pb2_grpc,
    decisions_pb2,
    enforcement_service_pb2,
    enforcement_service_pb2_grpc,
    notices_service_pb2,
    notices_service_pb2_grpc,
)

if TYPE_CHECKING:
    import grpc

STEP = timedelta(hours=6)
"""The suite looks at every account each six hours of the story."""
MODERATOR_AFTER = timedelta(hours=18)


@dataclass(slots=True)
class Chapter:
    """What the suite found out about one account, and did."""

    character: Character
    profile: profile_pb2.Profile = field(default_factory=profile_pb2.Profile)
    standing: decisions_pb2.Standing = field(default_factory=decisions_pb2.Standing)
    decisions: list[decisions_pb2.Decision] = field(default_factory=list)
    notices: list[decisions_pb2.Notice] = field(default_factory=list)

    @property
    def hardest(self) -> str:
        """The strictest tier it ever had."""
        tiers = [decision.tier for decision in self.decisions]
        return tier_name(max([self.standing.tier, *tiers]))


class Story:
    """Sends the cast's activities day by day, and reads what follows."""

    def __init__(self, channel: "grpc.aio.Channel", cast: Sequence[Character]) -> None:
        self._cast = cast
        self._accounts: Any = RemoteStub(
            accounts_service_pb2_grpc.AccountsServiceStub(channel)
        )
        self._enforcement: Any = RemoteStub(
            enforcement_service_pb2_grpc.EnforcementServiceStub(channel)
        )
        self._notices: Any = RemoteStub(
            notices_service_pb2_grpc.NoticesServiceStub(channel)
        )
        self._cases: Any = RemoteStub(cases_service_pb2_grpc.CasesServiceStub(channel))
        self._cursor = ""

    async def live(self) -> None:
        """Let the story happen."""
        waiting = sorted(
            (a for character in self._cast for a in character.activities),
            key=lambda a: a.event_time.ToNanoseconds(),
        )
        now = START
        while now < START + timedelta(days=DAYS):
            now += STEP
            CALLER_TIME.set(now)
            until = int(now.timestamp() * 1e9)
            batch = [a for a in waiting if a.event_time.ToNanoseconds() <= until]
            waiting = waiting[len(batch) :]
            if batch:
                await self._record(batch)
            for character in self._cast:
                if not character.begins_before(now):
                    continue
                await self._enforcement.EvaluateAccount(
                    enforcement_service_pb2.EvaluateAccountRequest(
                        account=character.account
                    ),
                    timeout=60,
                )
            await self._hand_over_notices()
            await self._confirm_bans(now)

    async def chapter(self, character: Character) -> Chapter:
        """Read what is known about one account at the end."""
        account = character.account
        profile = await self._accounts.GetProfile(
            accounts_service_pb2.GetProfileRequest(name=f"{account}/profile")
        )
        standing = await self._enforcement.GetStanding(
            enforcement_service_pb2.GetStandingRequest(name=f"{account}/standing")
        )
        decisions = await self._enforcement.ListDecisions(
            enforcement_service_pb2.ListDecisionsRequest(parent=account)
        )
        notices = await self._notices.ListNotices(
            notices_service_pb2.ListNoticesRequest(parent=account)
        )
        return Chapter(
            character,
            profile.profile,
            standing.standing,
            sorted(decisions.decisions, key=lambda d: d.decide_time.ToNanoseconds()),
            sorted(notices.notices, key=lambda n: n.sequence),
        )

    async def _record(self, batch: Sequence[activities_pb2.Activity]) -> None:
        response = await self._accounts.RecordActivities(
            accounts_service_pb2.RecordActivitiesRequest(
                activities=batch, wait=accounts_service_pb2.WAIT_MODE_ASSESSED
            ),
            timeout=60,
        )
        for sent, result in zip(batch, response.results, strict=True):
            if not result.HasField("recorded"):
                raise RuntimeError(f"{sent.id} was refused: {result.error.message}")

    async def _confirm_bans(self, now: datetime) -> None:
        """Let a moderator look at provisional bans the day after."""
        listed = await self._cases.ListCases(
            cases_service_pb2.ListCasesRequest(
                kind=cases_service_pb2.CASE_KIND_BAN_CONFIRMATION,
                state=cases_service_pb2.CASE_STATE_OPEN,
            )
        )
        for case in listed.cases:
            if now - case.create_time.ToDatetime(START.tzinfo) < MODERATOR_AFTER:
                continue
            claimed = await self._cases.ClaimCase(
                cases_service_pb2.ClaimCaseRequest(name=case.name, version=case.version)
            )
            await self._cases.ResolveCase(
                cases_service_pb2.ResolveCaseRequest(
                    name=case.name,
                    version=claimed.case.version,
                    outcome=cases_service_pb2.CASE_OUTCOME_CONFIRMED,
                    reason="Registered, posting and replying through a hosting tool.",
                    request_id=str(uuid5(NAMESPACE_URL, case.name)),
                )
            )

    async def _hand_over_notices(self) -> None:
        request = notices_service_pb2.WatchNoticesRequest(
            cursor=self._cursor, once=True
        )
        async for response in self._notices.WatchNotices(request):
            self._cursor = response.cursor
