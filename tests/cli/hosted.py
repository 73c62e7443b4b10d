"""A whole suite with one hosted account in it, and the command to ask it with."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import structlog
from typer.testing import CliRunner, Result

from services.cli.main import app
from services.cli.stories import START, cast
from services.runtime.client import RemoteStub
from services.runtime.clock import CALLER_TIME
from services.runtime.logs import configure_logs
from services.runtime.process import wire
from services.suite import suite
from tests.suite.running import suite_settings
from truepen.accounts.v1 import accounts_service_pb2, accounts_service_pb2_grpc
from truepen.policy.v1 import enforcement_service_pb2, enforcement_service_pb2_grpc


@dataclass(frozen=True, slots=True)
class Hosted:
    """A running suite that has banned an account."""

    target: str
    account: str
    decision: str
    channel: grpc.aio.Channel

    async def run(self, *arguments: str) -> Result:
        """Run the command against it; its loop must go on meanwhile."""
        return await run(*arguments, "--target", self.target)


async def run(*arguments: str) -> Result:
    """Run the command beside the loop.

    Some send the log to the runner's standard error, which is closed with it: where
    a suite in this process went on writing there, its workers died of that.
    """
    logs = structlog.get_config()
    result = await asyncio.to_thread(CliRunner().invoke, app, list(arguments))
    structlog.configure(**logs)
    return result


@asynccontextmanager
async def hosted_suite(folder: Path) -> AsyncIterator[Hosted]:
    """Serve a suite on *folder* in which the hosting tool's account is banned."""
    configure_logs("auto", "error")  # what is served must not mix with answers
    effective = START - timedelta(days=1)
    settings = suite_settings(
        folder,
        {"clock": "caller", "grace_s": 0.2},
        policy={"worker": False, "effective_time": effective},
        accounts={"effective_time": effective},
    )
    async with (
        suite(settings, wire(settings.runtime)) as server,
        grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel,
    ):
        account, decision = await _ban(channel)
        yield Hosted(f"127.0.0.1:{server.port}", account, decision, channel)


async def _ban(channel: grpc.aio.Channel) -> tuple[str, str]:
    bot = max(cast(), key=lambda who: _by_tool(who.activities))
    CALLER_TIME.set(START + timedelta(days=18))
    accounts: Any = RemoteStub(accounts_service_pb2_grpc.AccountsServiceStub(channel))
    await accounts.RecordActivities(
        accounts_service_pb2.RecordActivitiesRequest(
            activities=bot.activities[:300],
            wait=accounts_service_pb2.WAIT_MODE_ASSESSED,
        ),
        timeout=60,
    )
    policy: Any = RemoteStub(
        enforcement_service_pb2_grpc.EnforcementServiceStub(channel)
    )
    response = await policy.EvaluateAccount(
        enforcement_service_pb2.EvaluateAccountRequest(account=bot.account)
    )
    return bot.account, response.decision.name


def _by_tool(activities: Any) -> int:
    return sum("hosting" in each.published_with.app_id for each in activities)
