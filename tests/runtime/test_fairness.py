"""What is too much is refused at once, and costs only the caller who asks for it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, cast

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue
from google.rpc import error_details_pb2
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.calls import CALLER, Caller, Quota
from services.runtime.client import RemoteStub
from services.runtime.errors import QueueFull, RateLimited
from services.runtime.fairness import Fairness, Limits, Use
from services.runtime.interceptors import Call
from tests.conftest import serving
from tests.runtime.echo import NAME, EchoServicer, EchoStub, add_echo, text
from tests.runtime.test_interceptors import reason_of, status_of


class Named:
    """Takes the caller's word for who it is."""

    def __init__(self, **quotas: Quota) -> None:
        self._quotas = quotas

    def enter(self, call: Call) -> None:
        name = call.header("caller")
        if name:
            call.caller = Caller(name, frozenset(), self._quotas.get(name, Quota()))
            CALLER.set(call.caller)

    def leave(self, call: Call) -> None: ...


class Held(EchoServicer):
    """Answers once it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go = asyncio.Event()

    async def Say(self, request: Any, context: Any) -> StringValue:
        await self.go.wait()
        return text("done")


@asynccontextmanager
async def held(limits: Limits, **quotas: Quota) -> AsyncIterator[tuple[Any, Held]]:
    servicer = Held()
    concerns = Named(**quotas), Fairness(limits)
    async with serving(add_echo, servicer, *concerns) as channel:
        yield EchoStub(channel), servicer
        servicer.go.set()


def say(stub: Any, name: str) -> Any:
    return stub.Say(text(""), metadata=[("caller", name)], timeout=20)


async def entered(*calls: Any) -> None:
    """Wait until the server has looked at *calls*, which it then holds."""
    await asyncio.sleep(0.2)
    assert not any(call.done() for call in calls)


async def test_one_caller_cannot_take_the_places_of_another() -> None:
    async with held(Limits(concurrency=2)) as (stub, servicer):
        greedy = [say(stub, "greedy") for _ in range(2)]
        await entered(*greedy)
        started = time.perf_counter()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await say(stub, "greedy")
        took = time.perf_counter() - started
        modest = say(stub, "modest")
        await entered(modest)
        servicer.go.set()

        assert [(await call).value for call in (*greedy, modest)] == ["done"] * 3
    retry = error_details_pb2.RetryInfo()
    assert took < 1
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert reason_of(caught.value) == "RATE_LIMITED"
    assert status_of(caught.value).details[1].Unpack(retry)
    assert retry.retry_delay.ToMilliseconds() == 500


async def test_places_are_given_back_however_calls_end() -> None:
    async with held(Limits(concurrency=1)) as (stub, servicer):
        left = say(stub, "a")
        await entered(left)
        left.cancel()
        await asyncio.sleep(0.2)
        servicer.go.set()

        for _ in range(3):
            await say(stub, "a")


async def test_a_full_server_says_when_to_come_back() -> None:
    async with held(Limits(total=2)) as (stub, servicer):
        calls = [say(stub, "a"), say(stub, "b")]
        await entered(*calls)
        with pytest.raises(QueueFull) as caught:
            await RemoteStub(stub, lambda: [("caller", "c")]).Say(text(""))
        servicer.go.set()

        assert [(await call).value for call in calls] == ["done"] * 2
    assert caught.value.retry_after == 0.5


async def test_calls_without_identity_are_not_counted() -> None:
    async with held(Limits(total=1)) as (stub, servicer):
        calls = [stub.Say(text("")) for _ in range(3)]
        await entered(*calls)
        servicer.go.set()

        assert [(await call).value for call in calls] == ["done"] * 3


async def test_a_stream_takes_a_place_until_it_ends() -> None:
    class Endless(EchoServicer):
        async def Spell(self, request: Any, context: Any) -> AsyncIterator[StringValue]:
            while True:
                yield text("a")
                await asyncio.sleep(0.01)

    concerns = Named(), Fairness(Limits(concurrency=1))
    async with serving(add_echo, Endless(), *concerns) as channel:
        stub = RemoteStub(EchoStub(channel), lambda: [("caller", "a")])
        stream = aiter(stub.Spell(text("")))
        await anext(stream)
        with pytest.raises(RateLimited, match="concurrency of a"):
            await stub.Say(text(""))
        await cast("Any", stream).aclose()
        await asyncio.sleep(0.2)

        assert (await stub.Say(text("b"))).value == "b"


async def test_retries_of_grpc_itself_come_back_when_they_are_told() -> None:
    """By its own backoff the client would come back only after an hour."""
    policy = {
        "maxAttempts": 5,
        "initialBackoff": "3600s",
        "maxBackoff": "3600s",
        "backoffMultiplier": 1,
        "retryableStatusCodes": ["RESOURCE_EXHAUSTED"],
    }
    config = {"methodConfig": [{"name": [{"service": NAME}], "retryPolicy": policy}]}
    concerns = Named(), Fairness(Limits(rate=5, burst=1))
    async with serving(add_echo, EchoServicer(), *concerns, config=config) as channel:
        stub: Any = EchoStub(channel)
        for _ in range(3):
            await say(stub, "a")


async def test_a_quota_of_its_own_replaces_what_all_may() -> None:
    limits, vip = Limits(rate=0.01, burst=1), Quota(burst=3)
    concerns = Named(vip=vip), Fairness(limits)

    async with serving(add_echo, EchoServicer(), *concerns) as channel:
        for name, served in (("plain", 1), ("vip", 3)):
            stub = RemoteStub(EchoStub(channel), partial(list, [("caller", name)]))
            for _ in range(served):
                await stub.Say(text(""))
            with pytest.raises(RateLimited) as caught:
                await stub.Say(text(""))

            assert caught.value.retry_after == pytest.approx(100, abs=1)


@given(
    rate=st.floats(0.5, 1000),
    burst=st.integers(1, 50),
    gaps=st.lists(st.floats(0, 5), max_size=100),
)
def test_no_window_holds_more_than_burst_and_rate_allow(
    rate: float, burst: int, gaps: list[float]
) -> None:
    use = Use(Caller("a", frozenset()), Limits(rate, burst), 0.0)
    now, taken, waits = 0.0, [], []
    for gap in gaps:
        now += gap
        try:
            use.take(now)
        except RateLimited as error:
            waits.append(error.retry_after or 0)
        else:
            taken.append(now)

    assert all(0 < wait <= 1 / rate + 1e-6 for wait in waits)
    for start in range(len(taken)):
        for end in range(start, len(taken)):
            allowed = burst + (taken[end] - taken[start]) * rate
            assert end - start + 1 <= allowed + 1e-6


async def test_a_malformed_message_is_the_callers_fault() -> None:
    nested = b"\x0b" * 200 + b"\x0c" * 200  # groups within groups, past the limit
    async with serving(add_echo, EchoServicer()) as channel:
        for data in (b"\xff\xff", nested):
            calls: Any = (
                cast("Any", channel).unary_unary(f"/{NAME}/Say")(data),
                cast("Any", channel).stream_unary(f"/{NAME}/Join")(iter([data])),
            )
            for call in calls:
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await call

                assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
                assert reason_of(caught.value) == "INVALID_FIELD"
