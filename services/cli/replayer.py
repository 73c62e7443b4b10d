"""Sends recorded accounts through the whole suite, on their own clock."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from services.cli.answers import (
    channels,
    decision_line,
    interaction_name,
    reliance,
    tier_name,
)
from services.cli.batches import BATCH_SPAN_US, activity, batches
from services.cli.recordings import EPOCH, Event, Recording
from services.runtime.client import RemoteStub
from services.runtime.clock import CALLER_TIME
from services.runtime.status import from_status
from truepen.accounts.v1 import (
    accounts_service_pb2,
    accounts_service_pb2_grpc,
    profile_pb2,
)
from truepen.policy.v1 import (
    decisions_pb2,
    enforcement_service_pb2,
    enforcement_service_pb2_grpc,
    notices_service_pb2,
    notices_service_pb2_grpc,
)

if TYPE_CHECKING:
    import grpc

PAUSE_US = BATCH_SPAN_US
DAY_US = 24 * 3_600_000_000
NEW_SHARE = 0.1
NEW_CAP = 20
"""An account is evaluated again after six hours and 10 % (at most 20) new
events, or after a day with any: as the worker's debounce does, in event time."""
RECORD_SECONDS = 300.0
EVALUATED_AT_ONCE = 100
PROFILES_AT_ONCE = 100
NOTHING: dict[str, Any] = {
    "account": "",
    "tier": "CLEAR",
    "peak_tier": "CLEAR",
    "interaction_tier": "NONE",
    "reliance": None,
    "automation": None,
    "channels": {},
    "decisions": [],
    "events": 0,
}
"""What is said of an account of which no event was acknowledged."""


@dataclass(slots=True)
class Progress:
    """What is known about one account while it is replayed."""

    recording: Recording
    sent: int = 0
    acknowledged: int = 0
    judged_at: int = 0
    judged_sent: int = 0
    peak: int = decisions_pb2.TIER_CLEAR
    peak_interaction: int = decisions_pb2.INTERACTION_TIER_NONE
    profile: profile_pb2.Profile | None = None
    """As it was when the recording of this account ended."""

    @property
    def ended(self) -> bool:
        """Whether all that was recorded of it was sent."""
        return self.sent == len(self.recording.events)

    def due(self, now_us: int) -> bool:
        """Whether enough is new, or enough time has passed, to evaluate it."""
        new = self.sent - self.judged_sent
        waited = now_us - self.judged_at
        if not new or not self.acknowledged:
            return False
        if self.ended:
            # What follows may be other accounts' years; by then it is all old.
            return True
        if waited < PAUSE_US:
            return False
        return new >= min(NEW_CAP, NEW_SHARE * self.sent) or waited >= DAY_US

    def judged(self, now_us: int, standing: decisions_pb2.Standing) -> None:
        """Note how the account stands after it was evaluated."""
        self.judged_at, self.judged_sent = now_us, self.sent
        self.peak = max(self.peak, standing.tier)
        self.peak_interaction = max(self.peak_interaction, standing.interaction_tier)


class Replay:
    """Sends what was recorded, in order of event time, and asks what follows."""

    def __init__(
        self, channel: "grpc.aio.Channel", recordings: Iterable[Recording]
    ) -> None:
        self.progress = {r.id: Progress(r) for r in recordings}
        self.refused: Counter[str] = Counter()
        self._notice_cursor = ""
        self._accounts: Any = RemoteStub(
            accounts_service_pb2_grpc.AccountsServiceStub(channel)
        )
        self._enforcement: Any = RemoteStub(
            enforcement_service_pb2_grpc.EnforcementServiceStub(channel)
        )
        self._notices: Any = RemoteStub(
            notices_service_pb2_grpc.NoticesServiceStub(channel)
        )

    async def run(self) -> AsyncIterator[int]:
        """Send everything; yield how many events each batch had."""
        last = 0
        for batch in batches(p.recording for p in self.progress.values()):
            last = batch[-1][0]
            CALLER_TIME.set(EPOCH + timedelta(microseconds=last))
            await self._record(batch)
            touched = {account for _, account, _, _ in batch}
            due = [p for a in sorted(touched) if (p := self.progress[a]).due(last)]
            await self._evaluate(due, last)
            yield len(batch)
        active = [p for p in self.progress.values() if p.acknowledged]
        await self._evaluate(active, last)

    async def outcome(self, progress: Progress) -> dict[str, Any]:
        """Return the line that is written for an account."""
        if not progress.acknowledged:
            return NOTHING | {"account": progress.recording.account}
        account = f"accounts/{progress.recording.id}"
        profile = progress.profile or profile_pb2.Profile()
        standing = (
            await self._enforcement.GetStanding(
                enforcement_service_pb2.GetStandingRequest(name=f"{account}/standing")
            )
        ).standing
        return {
            "account": progress.recording.account,
            "tier": tier_name(standing.tier),
            "peak_tier": tier_name(max(progress.peak, standing.tier)),
            "interaction_tier": interaction_name(
                max(progress.peak_interaction, standing.interaction_tier)
            ),
            "reliance": reliance(profile),
            "automation": round(profile.automation.probability, 6),
            "channels": channels(profile),
            "decisions": [decision async for decision in self._decisions(account)],
            "events": progress.acknowledged,
        }

    async def _record(self, batch: list[tuple[int, str, int, Event]]) -> None:
        request = accounts_service_pb2.RecordActivitiesRequest(
            activities=[activity(a, n, e) for _, a, n, e in batch],
            wait=accounts_service_pb2.WAIT_MODE_ASSESSED,
        )
        response = await self._accounts.RecordActivities(
            request, timeout=RECORD_SECONDS
        )
        for (_, account, _, _), result in zip(batch, response.results, strict=True):
            progress = self.progress[account]
            progress.sent += 1
            if result.HasField("recorded"):
                progress.acknowledged += 1
            else:
                self.refused[result.error.message] += 1

    async def _evaluate(self, due: list[Progress], now_us: int) -> None:
        changed = False
        for start in range(0, len(due), EVALUATED_AT_ONCE):
            part = due[start : start + EVALUATED_AT_ONCE]
            response = await self._enforcement.BatchEvaluateAccounts(
                enforcement_service_pb2.BatchEvaluateAccountsRequest(
                    accounts=[f"accounts/{progress.recording.id}" for progress in part]
                ),
                timeout=RECORD_SECONDS,
            )
            for progress, result in zip(part, response.results, strict=True):
                if result.HasField("error"):
                    raise from_status(result.error)
                progress.judged(now_us, result.evaluation.standing)
                changed = changed or result.evaluation.changed
            await self._keep_profiles([each for each in part if each.ended])
        if changed:
            await self._hand_over_notices()

    async def _keep_profiles(self, ended: list[Progress]) -> None:
        """Read the profiles of accounts whose recording has *ended*, once."""
        new = [progress for progress in ended if progress.profile is None]
        for start in range(0, len(new), PROFILES_AT_ONCE):
            part = new[start : start + PROFILES_AT_ONCE]
            names = [f"accounts/{each.recording.id}/profile" for each in part]
            response = await self._accounts.BatchGetProfiles(
                accounts_service_pb2.BatchGetProfilesRequest(names=names),
                timeout=RECORD_SECONDS,
            )
            for progress, result in zip(part, response.results, strict=True):
                if result.HasField("error"):
                    raise from_status(result.error)
                progress.profile = result.profile

    async def _hand_over_notices(self) -> None:
        """Take delivery of new notices, as the platform would."""
        request = notices_service_pb2.WatchNoticesRequest(
            cursor=self._notice_cursor, once=True
        )
        async for response in self._notices.WatchNotices(request):
            self._notice_cursor = response.cursor

    async def _decisions(self, account: str) -> AsyncIterator[dict[str, Any]]:
        token = ""
        while True:
            page = await self._enforcement.ListDecisions(
                enforcement_service_pb2.ListDecisionsRequest(
                    parent=account, page_size=1_000, page_token=token
                )
            )
            for decision in page.decisions:
                yield decision_line(decision)
            token = page.next_page_token
            if not token:
                return
