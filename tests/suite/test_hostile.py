"""Bytes that are no message, bombs, torture, idle streams and callers that leave."""

import asyncio
import gc
import random
import resource
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.timestamp_pb2 import Timestamp
from prometheus_client import CollectorRegistry

from services.runtime.process import wire
from services.suite import suite
from tests.suite.running import METHODS, running, status_of, suite_settings
from truepen.accounts.v1 import (
    accounts_service_pb2,
    accounts_service_pb2_grpc,
    activities_pb2,
)
from truepen.detector.v1 import detector_service_pb2, detector_service_pb2_grpc
from truepen.policy.v1 import enforcement_service_pb2, enforcement_service_pb2_grpc

Code = grpc.StatusCode
NEVER = {Code.INTERNAL, Code.UNKNOWN}
SECONDS = 20
AT_ONCE = 200
AN_HOUR_AGO = int(time.time()) - 3_600
OPEN_GROUP, CLOSE_GROUP = b"\x0b", b"\x0c"
TORTURE = {
    "marks without end": "a" + "\u0301" * 20_000,
    "joiners": "👩‍👩‍👧‍👦" * 2_000 + "\u200d" * 2_000,
    "one sign that becomes eighteen": "\ufdfa" * 5_000,
    "directions": "\u202e\u2066\u202d" * 3_000 + "text",
    "beyond the planes": "\U0010ffff\U000e0001\ue000" * 2_000,
    "tags and selectors": "x" + "\ufe0f\U000e0041" * 5_000,
    "no letters at all": "\u2028\u2029\u0085\t\r\n" * 3_000,
    "hangul to compose": "\u1100\u1161\u11a8" * 5_000,
}


async def raw_call(
    channel: grpc.aio.Channel, method: MethodDescriptor, data: bytes
) -> grpc.aio.AioRpcError | None:
    """Send *data* as it is; how the call fails, or None."""
    path = f"/{method.containing_service.full_name}/{method.name}"
    kind = (
        ("stream" if method.client_streaming else "unary")
        + "_"
        + ("stream" if method.server_streaming else "unary")
    )
    make = getattr(channel, kind)(path)  # without serializers: bytes both ways
    made = make(iter([data]) if method.client_streaming else data, timeout=2)
    try:
        if method.server_streaming:
            async for _ in made:
                return None
        else:
            await made
    except grpc.aio.AioRpcError as error:
        return error
    return None


def rubbish(seed: str) -> bytes:
    """Return bytes that are rarely a message: any, or tags that promise too much."""
    source = random.Random(seed)
    data = bytearray(source.randbytes(source.choice((1, 2, 9, 60, 900))))
    if source.random() < 0.5:
        data[0] = source.choice((0x0A, 0x12, 0x1A, 0x08))  # fields 1 to 3
    return bytes(data)


async def pelt(folder: Path, count: int) -> Counter[str]:
    """Send *count* pieces of rubbish to each method; how they ended."""
    ended: Counter[str] = Counter()
    async with running(suite_settings(folder)) as channel:
        for method in METHODS:
            for number in range(count):
                data = rubbish(f"{method.full_name} {number}")
                error = await raw_call(channel, method, data)
                if error is None:
                    ended["OK"] += 1
                    continue
                assert error.code() not in NEVER, (method.full_name, data, error)
                if error.code() is not Code.DEADLINE_EXCEEDED:  # it is the client's
                    assert status_of(error) is not None, (method.full_name, data)
                ended[error.code().name] += 1
    return ended


@pytest.mark.parametrize(
    "count",
    [
        3,
        pytest.param(100, marks=pytest.mark.slow),
        pytest.param(10_000, marks=pytest.mark.soak),
    ],
)
async def test_bytes_that_are_no_message_are_the_callers_fault(
    tmp_path: Path, count: int
) -> None:
    ended = await pelt(tmp_path, count)

    assert ended.total() == count * len(METHODS)
    assert ended["INVALID_ARGUMENT"] > ended.total() / 3


async def test_what_is_nested_too_deep_is_refused(tmp_path: Path) -> None:
    deep = OPEN_GROUP * 50_000 + CLOSE_GROUP * 50_000
    async with running(suite_settings(tmp_path)) as channel:
        for method in METHODS:
            error = await raw_call(channel, method, deep)
            assert error is not None
            assert error.code() is Code.INVALID_ARGUMENT, method.full_name


@pytest.mark.parametrize(
    "size", [2**20, 12 * 2**20, pytest.param(256 * 2**20, marks=pytest.mark.slow)]
)
async def test_a_bomb_is_refused_and_not_kept(tmp_path: Path, size: int) -> None:
    """256 MB of one letter are 250 kB on the wire."""
    async with running(suite_settings(tmp_path)) as channel:
        request = detector_service_pb2.DetectTextRequest(text="a" * size)
        detect: Any = channel.unary_unary(
            "/truepen.detector.v1.DetectorService/DetectText",
            request_serializer=detector_service_pb2.DetectTextRequest.SerializeToString,
        )
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await detect(request, compression=grpc.Compression.Gzip, timeout=SECONDS)
        small = detector_service_pb2.DetectTextRequest(text="and now a small one")
        await detect(small, timeout=SECONDS)

    assert refused.value.code() in {Code.INVALID_ARGUMENT, Code.RESOURCE_EXHAUSTED}


@pytest.mark.parametrize("text", TORTURE.values(), ids=TORTURE.keys())
async def test_torture_by_unicode_is_answered_in_time(
    tmp_path: Path, text: str
) -> None:
    async with running(suite_settings(tmp_path)) as channel:
        detector: Any = detector_service_pb2_grpc.DetectorServiceStub(channel)
        enforcement: Any = enforcement_service_pb2_grpc.EnforcementServiceStub(channel)
        found = await detector.DetectText(
            detector_service_pb2.DetectTextRequest(text=text), timeout=SECONDS
        )
        reviewed = await enforcement.ReviewActivity(
            enforcement_service_pb2.ReviewActivityRequest(activity=a_note("n1", text)),
            timeout=SECONDS,
        )

    assert 0 <= found.assessment.ai_probability <= 1
    assert reviewed.standing.can_publish


def a_note(name: str, text: str = "") -> activities_pb2.Activity:
    """A note of accounts/a1 of this hour."""
    return activities_pb2.Activity(
        id=name,
        account="accounts/a1",
        type=activities_pb2.ACTIVITY_TYPE_NOTE,
        event_time=Timestamp(seconds=AN_HOUR_AGO),
        text=text,
    )


async def silent() -> AsyncIterator[Any]:
    """Say nothing, for as long as anybody listens."""
    await asyncio.Event().wait()
    yield None


@pytest.mark.parametrize(
    "count",
    [
        200,
        pytest.param(1_000, marks=pytest.mark.slow),
        pytest.param(10_000, marks=pytest.mark.soak),
    ],
)
async def test_streams_that_idle_take_nothing_from_others(
    tmp_path: Path, count: int
) -> None:
    """Slow-loris: streams that are opened and never say or read a word."""
    settings = suite_settings(tmp_path)
    wiring = wire(settings.runtime)
    async with (
        suite(settings, wiring) as server,
        grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel,
    ):
        detector: Any = detector_service_pb2_grpc.DetectorServiceStub(channel)
        accounts: Any = accounts_service_pb2_grpc.AccountsServiceStub(channel)
        enforcement: Any = enforcement_service_pb2_grpc.EnforcementServiceStub(channel)
        ask = enforcement_service_pb2.GetStandingRequest(name="accounts/a1/standing")
        await enforcement.GetStanding(ask, timeout=SECONDS)
        before = len(asyncio.all_tasks())
        watch = enforcement_service_pb2.WatchStandingsRequest()
        opened: list[Any] = []
        for number in range(count):
            kinds = (
                lambda: accounts.StreamActivities(silent()),
                lambda: detector.StreamDetectText(silent()),
                lambda: enforcement.WatchStandings(watch),
            )
            opened.append(kinds[number % 3]())
            if len(opened) % AT_ONCE == 0:  # grpc itself cancels what waits too long
                await entered(wiring.registry, len(opened))
        answers = [enforcement.GetStanding(ask, timeout=SECONDS) for _ in range(20)]
        await asyncio.gather(*answers)
        for stream in opened:
            stream.cancel()
        opened.clear()
        await settled(before + 20, SECONDS * max(1, count // 1_000))


async def entered(registry: CollectorRegistry, count: int) -> None:
    """Wait until the server is at *count* calls and streams."""
    active = 0.0
    while active < count:
        await asyncio.sleep(0.05)
        found = [m for m in registry.collect() if m.name == "rpc_active"]
        active = sum(sample.value for metric in found for sample in metric.samples)


async def settled(tasks: int, seconds: float = SECONDS) -> None:
    """Wait until no more than *tasks* tasks are left, or fail."""
    async with asyncio.timeout(seconds):
        while len(asyncio.all_tasks()) > tasks:  # grpc's own
            gc.collect()
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("calls", [40, pytest.param(2_000, marks=pytest.mark.soak)])
async def test_callers_that_leave_at_any_moment_leave_nothing_behind(
    tmp_path: Path, calls: int
) -> None:
    chance = random.Random(7)
    left: Counter[str] = Counter()
    async with running(suite_settings(tmp_path)) as channel:
        enforcement: Any = enforcement_service_pb2_grpc.EnforcementServiceStub(channel)
        accounts: Any = accounts_service_pb2_grpc.AccountsServiceStub(channel)
        request = enforcement_service_pb2.ReviewActivityRequest
        await enforcement.ReviewActivity(request(activity=a_note("first", "words")))
        before = len(asyncio.all_tasks())
        for number in range(calls):
            note = a_note(f"n{number}", f"words of note {number}")
            call = enforcement.ReviewActivity(request(activity=note), timeout=SECONDS)
            await asyncio.sleep(chance.choice((0, 0.001, 0.01, 0.05, 0.1)))
            call.cancel()
            try:
                await call
                left["answered"] += 1
            except asyncio.CancelledError:
                left["cancelled"] += 1
        await settled(before + 5)
        for number in range(calls):  # each again: once recorded, whatever came first
            note = a_note(f"n{number}", f"words of note {number}")
            await enforcement.ReviewActivity(request(activity=note), timeout=SECONDS)
        profile = await accounts.GetProfile(
            accounts_service_pb2.GetProfileRequest(name="accounts/a1/profile")
        )

    assert left["cancelled"]
    assert profile.profile.activity_count == calls + 1


@pytest.mark.slow
async def test_memory_does_not_grow_with_rubbish_and_reads(tmp_path: Path) -> None:
    """Past the first rounds, which fill caches, more rounds take no more memory."""
    async with running(suite_settings(tmp_path)) as channel:
        enforcement: Any = enforcement_service_pb2_grpc.EnforcementServiceStub(channel)

        async def around() -> None:
            for method in METHODS:
                for number in range(8):
                    await raw_call(channel, method, OPEN_GROUP * (200 + number))
            for number in range(200):
                ask = enforcement_service_pb2.GetStandingRequest(
                    name=f"accounts/a{number}/standing"
                )
                await enforcement.GetStanding(ask, timeout=SECONDS)

        for _ in range(3):
            await around()
        filled = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for _ in range(5):
            await around()
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - filled

    assert grown < 16 * 1024  # in kB
