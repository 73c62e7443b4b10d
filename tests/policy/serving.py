"""Policy on a real server and a real database, over accounts as a test tells them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc

from services.policy.compose import Policy, compose
from services.policy.settings import PolicySettings
from services.runtime import migrate
from services.runtime.local import LocalStub
from services.runtime.process import Wiring, serving, wire
from services.runtime.settings import RuntimeSettings
from tests.clock import FakeClock
from tests.policy.accounts_fake import START, FakeAccounts, FakeReports
from truepen.policy.v1 import (
    appeals_service_pb2_grpc,
    cases_service_pb2_grpc,
    enforcement_service_pb2_grpc,
    notices_service_pb2_grpc,
    rulesets_service_pb2_grpc,
)
from truepen.policy.v1 import enforcement_service_pb2 as pb


@dataclass
class Site:
    """A running policy, its clients, its clock and the accounts behind it."""

    port: int
    channel: grpc.aio.Channel
    clock: FakeClock
    accounts: FakeAccounts
    reports: FakeReports
    policy: Policy
    wiring: Wiring
    enforcement: Any = field(init=False)
    notices: Any = field(init=False)
    appeals: Any = field(init=False)
    cases: Any = field(init=False)
    rulesets: Any = field(init=False)

    def __post_init__(self) -> None:
        channel = self.channel
        self.enforcement = enforcement_service_pb2_grpc.EnforcementServiceStub(channel)
        self.notices = notices_service_pb2_grpc.NoticesServiceStub(channel)
        self.appeals = appeals_service_pb2_grpc.AppealsServiceStub(channel)
        self.cases = cases_service_pb2_grpc.CasesServiceStub(channel)
        self.rulesets = rulesets_service_pb2_grpc.RulesetsServiceStub(channel)

    async def evaluate(self, account: str, **fields: Any) -> pb.EvaluateAccountResponse:
        request = pb.EvaluateAccountRequest(account=f"accounts/{account}", **fields)
        response: pb.EvaluateAccountResponse = await self.enforcement.EvaluateAccount(
            request
        )
        return response

    async def until(self, holds: Callable[[], bool], seconds: float = 5.0) -> None:
        """Wait until *holds*, or fail."""
        async with asyncio.timeout(seconds):
            while not holds():  # noqa: ASYNC110  # others change it
                await asyncio.sleep(0.01)

    async def standing(self, account: str) -> Any:
        request = pb.GetStandingRequest(name=f"accounts/{account}/standing")
        return (await self.enforcement.GetStanding(request)).standing


@asynccontextmanager
async def running(
    folder: Path,
    url: str = "",
    *,
    accounts: FakeAccounts | None = None,
    reports: FakeReports | None = None,
    clock: FakeClock | None = None,
    stub: Any = None,
    **settings: Any,
) -> AsyncIterator[Site]:
    """Serve policy on *url*, by default SQLite in *folder*, without its worker."""
    if url:
        migrate.upgrade(url, "services.policy")
    clock = clock or FakeClock(START)
    accounts, reports = accounts or FakeAccounts(), reports or FakeReports()
    wired = wire(RuntimeSettings(port=0, data_dir=folder, grace_s=0.2))
    wiring = Wiring(wired.runtime, clock, wired.registry, wired.tokens, wired.shutdown)
    policy = compose(
        PolicySettings(**{"worker": False, "database_url": url, **settings}),
        wiring,
        stub or LocalStub(accounts),
        LocalStub(reports),
    )
    async with (
        serving(wiring, [policy.parts]) as server,
        grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel,
    ):
        yield Site(server.port, channel, clock, accounts, reports, policy, wiring)
