"""One ReviewActivity is one trace: policy, accounts, detector."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import grpc
import pytest

from tests.otlp import Got, Receiver, receiving
from tests.suite.processes import Process, process
from tests.suite.running import running, suite_settings
from truepen.accounts.v1 import activities_pb2
from truepen.policy.v1 import enforcement_service_pb2, enforcement_service_pb2_grpc

TEXT = "今天去爬山，风很大，吹得帽子都飞了，还好捡回来了，回家路上买了烤红薯，真香。"
TITLE = "爬山小记 unmistakable-title"
REQUEST_ID = "review-1"
LAST = "truepen.detector.v1.DetectorService/BatchDetectText"


async def review(channel: grpc.aio.Channel) -> None:
    """Review one activity with a text, as the publish path does."""
    activity = activities_pb2.Activity(
        account="accounts/walker",
        id="a1",
        type=activities_pb2.ACTIVITY_TYPE_NOTE,
        text=TEXT,
        title=TITLE,
    )
    activity.event_time.FromDatetime(datetime.now(UTC))
    stub = enforcement_service_pb2_grpc.EnforcementServiceStub(channel)
    await stub.ReviewActivity(
        enforcement_service_pb2.ReviewActivityRequest(activity=activity),
        timeout=30,
        metadata=[("truepen-request-id", REQUEST_ID)],
    )


def detection(receiver: Receiver) -> Got:
    """The span at the end of the line."""
    kinds = ("SERVER", "INTERNAL")
    [found] = [got for kind in kinds for got in receiver.named(LAST, kind)]
    return found


def check(receiver: Receiver) -> None:
    """One trace, with the request's id and none of its words."""
    trace = detection(receiver).trace
    spans = [got for got in receiver.spans if got.trace == trace]
    assert {got.attributes["truepen.request_id"] for got in spans} == {REQUEST_ID}
    told = str(spans)
    assert not any(secret in told for secret in (TEXT, TITLE, "walker"))


async def test_one_process_is_one_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with receiving() as receiver:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.address)
        settings = suite_settings(tmp_path, policy={"worker": False})
        async with running(settings) as channel:
            await review(channel)

    check(receiver)
    assert receiver.way(detection(receiver)) == [
        ("truepen", "ReviewActivity"),
        ("truepen", "RecordActivities"),
        ("truepen", "BatchDetectText"),
    ]


@asynccontextmanager
async def three(folder: Path) -> AsyncIterator[tuple[Process, Process, Process]]:
    """Detector, accounts and policy, a process each."""
    async with (
        process("detector", folder / "d") as detector,
        process(
            "accounts",
            folder / "a",
            TRUEPEN_ACCOUNTS_DETECTOR_TARGET=f"127.0.0.1:{detector.port}",
        ) as accounts,
        process(
            "policy",
            folder / "p",
            TRUEPEN_POLICY_ACCOUNTS_TARGET=f"127.0.0.1:{accounts.port}",
            TRUEPEN_POLICY_WORKER="false",
        ) as policy,
    ):
        yield detector, accounts, policy


@pytest.mark.slow
async def test_three_processes_are_one_trace_and_one_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with receiving() as receiver:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.address)
        async with three(tmp_path) as processes:
            target = f"127.0.0.1:{processes[-1].port}"
            async with grpc.aio.insecure_channel(target) as channel:
                await review(channel)

    check(receiver)
    assert receiver.way(detection(receiver)) == [
        ("truepen-policy", "ReviewActivity"),
        ("truepen-policy", "RecordActivities"),
        ("truepen-accounts", "RecordActivities"),
        ("truepen-accounts", "BatchDetectText"),
        ("truepen-detector", "BatchDetectText"),
    ]
    trace = detection(receiver).trace
    for one in processes:
        calls = [line for line in one.lines if line["event"] == "rpc"]
        assert calls
        assert {line["request_id"] for line in calls} == {REQUEST_ID}
        assert {line["trace_id"] for line in calls} == {trace}
        logged = json.dumps(one.lines, ensure_ascii=False)
        assert not any(secret in logged for secret in (TEXT, TITLE))
