"""What a caller and the log see of each RPC: real server, real channel."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, cast

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from services.runtime.access import watched
from services.runtime.calls import CALLER, REQUEST_ID, time_left
from services.runtime.clock import CallerClock
from services.runtime.concerns import (
    CallerTime,
    CanonicalLog,
    Deadline,
    Metrics,
    RequestId,
)
from services.runtime.errors import InvalidField, QueueFull
from services.runtime.identity import ANY, Identity, is_loopback
from services.runtime.metrics import RpcMetrics
from tests.conftest import serving
from tests.runtime.echo import NAME, EchoServicer, EchoStub, add_echo, text, texts

NOBODY = watched(None)


def status_of(error: grpc.aio.AioRpcError) -> status_pb2.Status:
    """Unpack the google.rpc.Status that *error* carries."""
    sent = dict(cast("Any", error.trailing_metadata()))
    return status_pb2.Status.FromString(sent["grpc-status-details-bin"])


def reason_of(error: grpc.aio.AioRpcError) -> str:
    info = error_details_pb2.ErrorInfo()
    assert status_of(error).details[0].Unpack(info)
    return info.reason


def refuse(value: str) -> str:
    raise InvalidField("value", "must not be said")


def break_down(value: str) -> str:
    raise RuntimeError("secret dsn")


async def call_each_kind(stub: Any) -> AsyncIterator[tuple[str, Any]]:
    yield "Say", lambda: stub.Say(text("ab"))
    yield "Join", lambda: stub.Join(texts("a", "b"))
    yield "Spell", lambda: collect(stub.Spell(text("ab")))
    yield "Talk", lambda: collect(stub.Talk(texts("a", "b")))


async def collect(responses: Any) -> Any:
    return text("".join([response.value async for response in responses]))


async def test_each_kind_passes_through_unchanged() -> None:
    async with serving(add_echo, EchoServicer(), CanonicalLog()) as channel:
        async for _, call in call_each_kind(EchoStub(channel)):
            assert (await call()).value == "ab"


async def test_each_kind_names_the_bad_field() -> None:
    async with serving(add_echo, EchoServicer(refuse)) as channel:
        async for _, call in call_each_kind(EchoStub(channel)):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call()

            bad = error_details_pb2.BadRequest()
            assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
            assert status_of(caught.value).details[1].Unpack(bad)
            assert [v.field for v in bad.field_violations] == ["value"]


async def test_a_bug_tells_the_caller_nothing_and_the_log_everything() -> None:
    with capture_logs() as lines:
        async with serving(add_echo, EchoServicer(break_down)) as channel:
            async for _, call in call_each_kind(EchoStub(channel)):
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await call()

                assert caught.value.details() == "internal error"
                assert reason_of(caught.value) == "INTERNAL"
                assert "secret" not in str(caught.value)

    assert [str(line["exc_info"]) for line in lines] == ["secret dsn"] * 4


async def test_a_method_nobody_wrote_is_unimplemented() -> None:
    async with serving(add_echo, EchoServicer()) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await cast("Any", EchoStub(channel)).Missing(text("a"))

    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert reason_of(caught.value) == "NOT_IMPLEMENTED"


async def test_a_full_queue_says_when_to_come_back() -> None:
    def full(value: str) -> str:
        raise QueueFull("inference", 1.5)

    async with serving(add_echo, EchoServicer(full)) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await cast("Any", EchoStub(channel)).Say(text("a"))

    retry = error_details_pb2.RetryInfo()
    assert status_of(caught.value).details[1].Unpack(retry)
    assert retry.retry_delay.ToMilliseconds() == 1500


async def test_each_rpc_logs_one_line_with_its_final_code() -> None:
    with capture_logs() as lines:
        concerns = (RequestId(), CanonicalLog(), Deadline())
        async with serving(add_echo, EchoServicer(refuse), *concerns) as channel:
            async for _, call in call_each_kind(EchoStub(channel)):
                with pytest.raises(grpc.aio.AioRpcError):
                    await call()

    assert [(line["event"], line["method"], line["code"]) for line in lines] == [
        ("rpc", f"/{NAME}/{method}", "INVALID_ARGUMENT")
        for method in ("Say", "Join", "Spell", "Talk")
    ]


async def test_a_caller_that_leaves_is_logged_as_cancelled() -> None:
    entered = asyncio.Event()

    class Slow(EchoServicer):
        async def Say(self, request: Any, context: Any) -> Any:
            entered.set()
            await asyncio.sleep(60)

    with capture_logs() as lines:
        async with serving(add_echo, Slow(), CanonicalLog()) as channel:
            call = cast("Any", EchoStub(channel)).Say(text("a"))
            await asyncio.wait_for(entered.wait(), 10)
            call.cancel()
            for _ in range(500):
                if lines:
                    break
                await asyncio.sleep(0.02)

    assert [line["code"] for line in lines] == ["CANCELLED"]


async def test_the_request_id_is_taken_or_made() -> None:
    servicer = EchoServicer(lambda _: REQUEST_ID.get())
    async with serving(add_echo, servicer, RequestId(lambda: "made")) as channel:
        say = cast("Any", EchoStub(channel)).Say
        taken = await say(text(""), metadata=[("truepen-request-id", "given")])
        made = await say(text(""))

    assert (taken.value, made.value) == ("given", "made")


async def test_work_without_a_deadline_is_capped() -> None:
    class Slow(EchoServicer):
        async def Say(self, request: Any, context: Any) -> Any:
            await asyncio.sleep(60)

    async with serving(add_echo, Slow(), Deadline(cap=0.05)) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await cast("Any", EchoStub(channel)).Say(text(""))

    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert reason_of(caught.value) == "DEADLINE_EXCEEDED"


async def test_the_callers_deadline_bounds_further_calls() -> None:
    servicer = EchoServicer(lambda _: str(time_left(60)))
    async with serving(add_echo, servicer, Deadline()) as channel:
        say = cast("Any", EchoStub(channel)).Say
        bounded = await say(text(""), timeout=5)
        unbounded = await say(text(""))

    assert 4 < float(bounded.value) <= 5.1  # sent in steps, rounded up
    assert unbounded.value == "60"


async def test_metrics_count_by_method_and_code() -> None:
    registry = CollectorRegistry()
    metrics = Metrics(RpcMetrics(registry))
    async with serving(add_echo, EchoServicer(refuse), metrics) as channel:
        with pytest.raises(grpc.aio.AioRpcError):
            await cast("Any", EchoStub(channel)).Say(text(""))

    labels = {"method": f"/{NAME}/Say", "code": "INVALID_ARGUMENT"}
    assert registry.get_sample_value("rpc_ended_total", labels) == 1
    assert registry.get_sample_value("rpc_active", {"method": labels["method"]}) == 0


async def test_a_local_caller_has_every_role() -> None:
    identity = Identity({f"/{NAME}/": frozenset({"reader"})}, NOBODY)
    servicer = EchoServicer(lambda _: CALLER.get().name)
    async with serving(add_echo, servicer, identity) as channel:
        response = await cast("Any", EchoStub(channel)).Say(text(""))

    assert response.value == "local"


@pytest.mark.parametrize(
    ("roles", "local", "code"),
    [
        ({}, frozenset({"reader"}), "PERMISSION_DENIED"),  # deny by default
        ({}, frozenset({ANY}), "PERMISSION_DENIED"),  # to those trusted, too
        ({f"/{NAME}/": {"admin"}}, frozenset({"reader"}), "PERMISSION_DENIED"),
        ({f"/{NAME}/": {"admin"}}, frozenset(), "UNAUTHENTICATED"),
        ({f"/{NAME}/": {"reader"}, f"/{NAME}/Say": {"admin"}}, frozenset({"reader"}),
         "PERMISSION_DENIED"),
    ],
)  # fmt: skip
async def test_a_caller_without_the_role_is_refused(
    roles: dict[str, set[str]], local: frozenset[str], code: str
) -> None:
    table = {method: frozenset(names) for method, names in roles.items()}
    async with serving(
        add_echo, EchoServicer(), Identity(table, NOBODY, local)
    ) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await cast("Any", EchoStub(channel)).Say(text(""))

    assert caught.value.code().name == code
    assert reason_of(caught.value) == code


async def test_a_public_method_needs_no_identity() -> None:
    identity = Identity({f"/{NAME}/": frozenset({ANY})}, NOBODY, frozenset())
    async with serving(add_echo, EchoServicer(), identity) as channel:
        response = await cast("Any", EchoStub(channel)).Say(text("a"))

    assert response.value == "a"


@pytest.mark.parametrize(
    ("peer", "near"),
    [
        ("ipv4:127.0.0.1:1", True),
        ("ipv6:%5B::1%5D:1", True),
        ("unix:/run/x", True),
        ("ipv4:10.0.0.1:1", False),
        ("ipv4:12.7.0.1:1", False),
        ("ipv6:%5B2001:db8::1%5D:1", False),
    ],
)
def test_loopback_is_told_from_the_network(peer: str, near: bool) -> None:
    assert is_loopback(peer) is near


async def test_the_callers_time_is_believed_and_never_runs_backwards() -> None:
    clock = CallerClock()
    servicer = EchoServicer(lambda _: clock.now().isoformat())
    async with serving(add_echo, servicer, CallerTime()) as channel:
        say = cast("Any", EchoStub(channel)).Say
        times = [
            (await say(text(""), metadata=metadata)).value
            for metadata in (
                [("truepen-time", "2026-03-10T08:00:00+08:00")],
                [("truepen-time", "2026-03-09T00:00:00Z")],
                [],
            )
        ]

    assert times == [datetime(2026, 3, 10, tzinfo=UTC).isoformat()] * 3


@pytest.mark.parametrize("said", ["yesterday", "2026-03-10T08:00:00"])
async def test_a_time_that_is_no_instant_is_refused(said: str) -> None:
    async with serving(add_echo, EchoServicer(), CallerTime()) as channel:
        metadata = [("truepen-time", said)]
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await cast("Any", EchoStub(channel)).Say(text(""), metadata=metadata)

    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
