"""One process and three give equal answers, byte for byte."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest

from services.cli.stories import START, Character, cast
from services.runtime.client import RemoteStub
from services.runtime.clock import CALLER_TIME
from tests.suite.processes import process
from tests.suite.running import running, suite_settings
from truepen.accounts.v1 import accounts_service_pb2, accounts_service_pb2_grpc
from truepen.policy.v1 import enforcement_service_pb2, enforcement_service_pb2_grpc

EFFECTIVE = START - timedelta(days=1)
STOPS = [START + timedelta(days=day) for day in (1, 3, 6, 12, 18)]
CLOCK = {"TRUEPEN_CLOCK": "caller"}
KEY = "the same in both, or likeness of texts is told apart"


@asynccontextmanager
async def three(folder: Path) -> AsyncIterator[tuple[grpc.aio.Channel, ...]]:
    """The three services as processes; channels to accounts and policy."""
    async with AsyncExitStack() as stack:
        detector = await stack.enter_async_context(
            process("detector", folder / "detector", **CLOCK)
        )
        accounts = await stack.enter_async_context(
            process(
                "accounts",
                folder / "accounts",
                **CLOCK,
                TRUEPEN_ACCOUNTS_DETECTOR_TARGET=f"127.0.0.1:{detector.port}",
                TRUEPEN_ACCOUNTS_EFFECTIVE_TIME=EFFECTIVE.isoformat(),
                TRUEPEN_ACCOUNTS_FINGERPRINT_KEY=KEY,
            )
        )
        policy = await stack.enter_async_context(
            process(
                "policy",
                folder / "policy",
                **CLOCK,
                TRUEPEN_POLICY_ACCOUNTS_TARGET=f"127.0.0.1:{accounts.port}",
                TRUEPEN_POLICY_WORKER="false",
                TRUEPEN_POLICY_EFFECTIVE_TIME=EFFECTIVE.isoformat(),
            )
        )
        yield tuple(
            [
                await stack.enter_async_context(
                    grpc.aio.insecure_channel(f"127.0.0.1:{one.port}")
                )
                for one in (accounts, policy)
            ]
        )


async def decisions(
    accounts: grpc.aio.Channel, policy: grpc.aio.Channel, people: Sequence[Character]
) -> list[bytes]:
    """Send what *people* do, evaluate at fixed times; every decision, as bytes."""
    recorder: Any = RemoteStub(accounts_service_pb2_grpc.AccountsServiceStub(accounts))
    enforcer: Any = RemoteStub(
        enforcement_service_pb2_grpc.EnforcementServiceStub(policy)
    )
    before = EFFECTIVE
    for stop in STOPS:
        CALLER_TIME.set(stop)
        batch = [a for p in people for a in p.activities if within(a, before, stop)]
        before = stop
        if batch:
            await recorder.RecordActivities(
                accounts_service_pb2.RecordActivitiesRequest(
                    activities=batch, wait=accounts_service_pb2.WAIT_MODE_ASSESSED
                ),
                timeout=60,
            )
        for character in people:
            if not character.begins_before(stop):
                continue
            await enforcer.EvaluateAccount(
                enforcement_service_pb2.EvaluateAccountRequest(
                    account=character.account
                )
            )
    pages = [
        await enforcer.ListDecisions(
            enforcement_service_pb2.ListDecisionsRequest(parent=character.account)
        )
        for character in people
    ]
    return [
        decision.SerializeToString(deterministic=True)
        for page in pages
        for decision in page.decisions
    ]


def within(activity: Any, after: datetime, until: datetime) -> bool:
    """Whether it happened after *after* and up to *until*."""
    at = activity.event_time.ToDatetime(START.tzinfo)
    return bool(after < at <= until)


@pytest.mark.slow
async def test_three_processes_decide_as_one_does(tmp_path: Path) -> None:
    people = cast()
    settings = suite_settings(
        tmp_path / "one",
        runtime={"clock": "caller"},
        policy={"worker": False, "effective_time": EFFECTIVE},
        accounts={"effective_time": EFFECTIVE, "fingerprint_key": KEY},
    )
    async with running(settings) as channel:
        by_one = await decisions(channel, channel, people)
    async with three(tmp_path) as (accounts, policy):
        by_three = await decisions(accounts, policy, people)

    assert len(by_one) >= 3
    assert by_three == by_one
