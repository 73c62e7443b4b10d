"""The real services in one process, on a clock that stories turn."""

import logging
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import grpc
import structlog
from pydantic import SecretStr

from services.accounts.compose import compose as compose_accounts
from services.accounts.settings import AccountsSettings
from services.cli.answers import interaction_name, tier_name
from services.cli.storyteller import shanghai
from services.policy.compose import compose as compose_policy
from services.policy.settings import PolicySettings
from services.runtime.client import RemoteStub
from services.runtime.clock import CALLER_TIME
from services.runtime.local import LocalStub
from services.runtime.process import serving, wire
from services.runtime.settings import RuntimeSettings
from services.suite import suite
from tests.suite.running import suite_settings
from truepen.accounts.v1 import (
    accounts_service_pb2,
    accounts_service_pb2_grpc,
    activities_pb2,
    reports_service_pb2_grpc,
)
from truepen.detector.v1 import detector_service_pb2
from truepen.policy.v1 import (
    appeals_service_pb2_grpc,
    cases_service_pb2,
    cases_service_pb2_grpc,
    decisions_pb2,
    enforcement_service_pb2,
    enforcement_service_pb2_grpc,
    notices_service_pb2,
    notices_service_pb2_grpc,
)

MAX_BATCH = 500
SECONDS = 120.0
CHARACTERS = [chr(0x4E00 + number) for number in range(2_000)]


class ScoredDetector:
    """Says of each text what a story drew for it: texts at a scale nobody can write.

    The scores are drawn as `scores` tells; everything behind them is real.
    """

    def __init__(self) -> None:
        self.ratios: dict[str, float] = {}

    async def BatchDetectText(
        self, request: Any, context: Any
    ) -> detector_service_pb2.BatchDetectTextResponse:
        return detector_service_pb2.BatchDetectTextResponse(
            results=[
                detector_service_pb2.DetectResult(assessment=self._word(text))
                for text in request.texts
            ]
        )

    def _word(self, text: str) -> detector_service_pb2.Assessment:
        ratio = self.ratios[text]
        return detector_service_pb2.Assessment(
            verdict=detector_service_pb2.VERDICT_UNDECIDED,
            ai_probability=1 / (1 + 2.718281828**-ratio),
            log_likelihood_ratio=ratio,
            language="zh",
            chars_scored=len(text),
            model_version="drawn",
            model_digest="d" * 64,
        )


@dataclass
class Town:
    """Clients of a running suite, and what was seen."""

    channel: grpc.aio.Channel
    lines: list[str] = field(default_factory=list)
    seen: dict[str, str] = field(default_factory=dict)
    since: dict[tuple[str, str], datetime] = field(default_factory=dict)
    """When an account was first seen at a tier."""
    now: datetime = datetime(2026, 10, 12, tzinfo=UTC)
    cursor: str = ""

    def __post_init__(self) -> None:
        stub = RemoteStub
        self.accounts: Any = stub(
            accounts_service_pb2_grpc.AccountsServiceStub(self.channel)
        )
        self.reports: Any = stub(
            reports_service_pb2_grpc.ReportsServiceStub(self.channel)
        )
        self.enforcement: Any = stub(
            enforcement_service_pb2_grpc.EnforcementServiceStub(self.channel)
        )
        self.notices: Any = stub(
            notices_service_pb2_grpc.NoticesServiceStub(self.channel)
        )
        self.appeals: Any = stub(
            appeals_service_pb2_grpc.AppealsServiceStub(self.channel)
        )
        self.cases: Any = stub(cases_service_pb2_grpc.CasesServiceStub(self.channel))

    def at(self, now: datetime) -> None:
        """Turn the clock."""
        self.now = now
        CALLER_TIME.set(now)

    def note(self, what: str) -> None:
        """Add a line to the timeline."""
        self.lines.append(f"{shanghai(self.now)}  {what}")

    async def record(self, activities: Sequence[activities_pb2.Activity]) -> None:
        """Send *activities*, as the platform would; each is taken."""
        for start in range(0, len(activities), MAX_BATCH):
            batch = activities[start : start + MAX_BATCH]
            response = await self.accounts.RecordActivities(
                accounts_service_pb2.RecordActivitiesRequest(
                    activities=batch, wait=accounts_service_pb2.WAIT_MODE_ASSESSED
                ),
                timeout=SECONDS,
            )
            refused = [r.error.message for r in response.results if r.HasField("error")]
            assert not refused, refused[:3]

    async def evaluate(self, account: str) -> decisions_pb2.Standing:
        """Judge one account, and note what changed about it."""
        answer = await self.enforcement.EvaluateAccount(
            enforcement_service_pb2.EvaluateAccountRequest(
                account=f"accounts/{account}"
            ),
            timeout=SECONDS,
        )
        stands: decisions_pb2.Standing = answer.standing
        state = state_of(stands)
        if self.seen.get(account, "CLEAR") != state:
            self.seen[account] = state
            for name in state.split(" + "):
                self.since.setdefault((account, name), self.now)
        return stands

    async def standing(self, account: str) -> decisions_pb2.Standing:
        """How one account stands."""
        answer = await self.enforcement.GetStanding(
            enforcement_service_pb2.GetStandingRequest(
                name=f"accounts/{account}/standing"
            )
        )
        stands: decisions_pb2.Standing = answer.standing
        return stands

    async def not_recommended(self, keys: Sequence[tuple[str, str]]) -> list[str]:
        """Those of the contents that ranking is told not to recommend."""
        found: list[str] = []
        for start in range(0, len(keys), MAX_BATCH):
            answer = await self.enforcement.BatchGetContentMeasures(
                enforcement_service_pb2.BatchGetContentMeasuresRequest(
                    keys=[
                        enforcement_service_pb2.ContentKey(
                            account=f"accounts/{account}", content=content
                        )
                        for account, content in keys[start : start + MAX_BATCH]
                    ]
                )
            )
            found += [m.content for m in answer.measures if not m.recommended]
        return found

    async def hand_over(self) -> int:
        """Take delivery of new notices; how many."""
        request = notices_service_pb2.WatchNoticesRequest(cursor=self.cursor, once=True)
        count = 0
        async for response in self.notices.WatchNotices(request):
            self.cursor = response.cursor
            count += len(response.notices)
        return count

    async def decisions(self, account: str) -> list[decisions_pb2.Decision]:
        """All decisions on *account*, oldest first."""
        answer = await self.enforcement.ListDecisions(
            enforcement_service_pb2.ListDecisionsRequest(
                parent=f"accounts/{account}", page_size=1_000
            )
        )
        return list(reversed(answer.decisions))

    async def told(self, account: str) -> list[decisions_pb2.Notice]:
        """All notices to *account*, oldest first."""
        answer = await self.notices.ListNotices(
            notices_service_pb2.ListNoticesRequest(
                parent=f"accounts/{account}", page_size=1_000
            )
        )
        return list(reversed(answer.notices))

    async def open_cases(self, kind: str) -> list[cases_service_pb2.Case]:
        """Cases of *kind* that nobody has decided."""
        answer = await self.cases.ListCases(
            cases_service_pb2.ListCasesRequest(
                kind=cases_service_pb2.CaseKind.Value(f"CASE_KIND_{kind}"),
                page_size=1_000,
            )
        )
        decided = cases_service_pb2.CASE_STATE_RESOLVED
        return [case for case in answer.cases if case.state != decided]

    async def decide(
        self, case: cases_service_pb2.Case, outcome: str, reason: str
    ) -> cases_service_pb2.Case:
        """Let a person decide a case."""
        claimed = await self.cases.ClaimCase(
            cases_service_pb2.ClaimCaseRequest(name=case.name, version=case.version)
        )
        answer = await self.cases.ResolveCase(
            cases_service_pb2.ResolveCaseRequest(
                name=case.name,
                version=claimed.case.version,
                outcome=cases_service_pb2.CaseOutcome.Value(f"CASE_OUTCOME_{outcome}"),
                reason=reason,
                request_id=request_id(case.name, outcome),
            ),
            timeout=SECONDS,
        )
        decided: cases_service_pb2.Case = answer.case
        return decided

    async def live(
        self,
        activities: Iterable[activities_pb2.Activity],
        until: datetime,
        step: timedelta = timedelta(hours=6),
    ) -> None:
        """Let time pass in steps: activities in, everybody judged, notices out."""
        waiting = sorted(activities, key=lambda a: a.event_time.ToNanoseconds())
        accounts: set[str] = set()
        place = 0
        while self.now < until:
            self.at(min(self.now + step, until))
            upto, start = int(self.now.timestamp() * 1e9), place
            while (
                place < len(waiting)
                and waiting[place].event_time.ToNanoseconds() <= upto
            ):
                accounts.add(waiting[place].account.removeprefix("accounts/"))
                place += 1
            await self.record(waiting[start:place])
            before = Counter(self.seen.get(account, "CLEAR") for account in accounts)
            for account in sorted(accounts):
                await self.evaluate(account)
            after = Counter(self.seen.get(account, "CLEAR") for account in accounts)
            handed = await self.hand_over()
            if after != before:
                told = ", ".join(f"{n} {name}" for name, n in sorted(after.items()))
                self.note(f"{told}; {handed} notices handed over")

    def tell(self, title: str) -> None:
        """Print the timeline."""
        print(f"\n{title}")  # noqa: T201  what the story is for
        for line in self.lines:
            print(f"  {line}")  # noqa: T201


def state_of(stands: decisions_pb2.Standing) -> str:
    """A standing in one word, or two."""
    tier = tier_name(stands.tier)
    track = interaction_name(stands.interaction_tier)
    return tier if track == "NONE" else f"{tier} + {track}"


def request_id(*parts: str) -> str:
    """The same for the same parts."""
    return str(uuid5(NAMESPACE_URL, "/".join(parts)))


def unwritten(chance: random.Random, length: int) -> str:
    """A text that nobody wrote: characters at random, so that none is like another."""
    return "".join(chance.choices(CHARACTERS, k=max(length, 4))) + "。"


@asynccontextmanager
async def town(
    folder: Path,
    effective_time: datetime,
    detector: ScoredDetector | None = None,
    *,
    worker: bool = False,
    step_interval: timedelta | None = None,
) -> AsyncIterator[Town]:
    """Serve all three, detector itself unless drawn scores stand in for it.

    *step_interval* stands in for that of the shipped rules.
    """
    quiet = structlog.make_filtering_bound_logger(logging.ERROR)
    structlog.configure(wrapper_class=quiet)
    accounts: dict[str, Any] = {
        "effective_time": effective_time,
        "fingerprint_key": SecretStr("the key of a story"),
        "durable": False,
    }
    policy: dict[str, Any] = {
        "worker": worker,
        "effective_time": effective_time,
        "step_interval": step_interval.total_seconds() if step_interval else None,
        "debounce_s": 0.0,
        "sweep_s": 0.1,
    }
    runtime: dict[str, Any] = {
        "clock": "caller",
        "grace_s": 0.2,
        "max_message_bytes": 64 * 2**20,
    }
    if detector is None:
        settings = suite_settings(folder, runtime, policy, accounts)
        opened = suite(settings, wire(settings.runtime))
    else:
        opened = with_scores(
            wire(RuntimeSettings(port=0, data_dir=folder, **runtime)),
            detector,
            AccountsSettings(**accounts),
            PolicySettings(**policy),
        )
    async with (
        opened as server,
        grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel,
    ):
        yield Town(channel)


@asynccontextmanager
async def with_scores(
    wiring: Any,
    detector: ScoredDetector,
    accounts_settings: AccountsSettings,
    policy_settings: PolicySettings,
) -> AsyncIterator[Any]:
    """Serve accounts and policy over drawn scores."""
    accounts = compose_accounts(accounts_settings, wiring, LocalStub(detector))
    policy = compose_policy(
        policy_settings,
        wiring,
        LocalStub(accounts.servicer),
        LocalStub(accounts.reports_servicer),
    )
    async with serving(wiring, [accounts.parts, policy.parts]) as server:
        yield server
