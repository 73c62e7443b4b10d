"""A local and a remote stub cannot be told apart."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from services.runtime.calls import REQUEST_ID, time_left
from services.runtime.client import RemoteStub, connect, service_config
from services.runtime.clock import CALLER_TIME
from services.runtime.concerns import CallerTime, Deadline, RequestId
from services.runtime.errors import (
    DeadlineExceeded,
    DependencyUnavailable,
    FailedPrecondition,
    InternalError,
    InvalidField,
    NotImplementedYet,
    ServiceError,
)
from services.runtime.local import LocalStub
from tests.conftest import serving
from tests.runtime.echo import EchoServicer, EchoStub, add_echo, text, texts

WHERE = pytest.mark.parametrize("where", ["local", "remote"])


class DoorLocked(FailedPrecondition):
    """An error of a service's own."""

    reason = "TEST_DOOR_LOCKED"


@asynccontextmanager
async def stub_of(where: str, servicer: EchoServicer) -> AsyncIterator[Any]:
    if where == "local":
        yield LocalStub(servicer)
        return
    concerns = (RequestId(), Deadline(), CallerTime())
    async with serving(add_echo, servicer, *concerns) as channel:
        yield RemoteStub(EchoStub(channel))


async def collect(responses: Any) -> str:
    return "".join([response.value async for response in responses])


@WHERE
async def test_each_kind_answers(where: str) -> None:
    async with stub_of(where, EchoServicer()) as stub:
        assert (await stub.Say(text("ab"))).value == "ab"
        assert (await stub.Join(texts("a", "b"))).value == "ab"
        assert await collect(stub.Spell(text("ab"))) == "ab"
        assert await collect(stub.Talk(texts("a", "b"))) == "ab"


@WHERE
@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (InvalidField("value", "must be short"), InvalidField),
        (DoorLocked("it is locked", name="doors/d"), DoorLocked),
        (RuntimeError("secret dsn"), InternalError),
    ],
)
async def test_errors_keep_class_and_words(
    where: str, raised: Exception, expected: type[ServiceError]
) -> None:
    def fail(value: str) -> str:
        raise raised

    async with stub_of(where, EchoServicer(fail)) as stub:
        for call in (
            lambda: stub.Say(text("a")),
            lambda: collect(stub.Spell(text("a"))),
        ):
            with pytest.raises(ServiceError) as caught:
                await call()

            assert caught.value.reason == expected.reason
            assert isinstance(caught.value, expected.__mro__[1])
            assert "secret" not in str(caught.value)


@WHERE
async def test_a_missing_method_says_so(where: str) -> None:
    async with stub_of(where, EchoServicer()) as stub:
        with pytest.raises(NotImplementedYet):
            await stub.Missing(text("a"))


@WHERE
async def test_a_deadline_ends_the_call(where: str) -> None:
    class Slow(EchoServicer):
        async def Say(self, request: Any, context: Any) -> Any:
            await asyncio.sleep(60)

    async with stub_of(where, Slow()) as stub:
        with pytest.raises(DeadlineExceeded):
            await stub.Say(text("a"), timeout=0.05)


@WHERE
async def test_the_context_follows_the_call(where: str) -> None:
    def tell(value: str) -> str:
        left = time_left()
        assert left is not None
        said = CALLER_TIME.get()
        return f"{REQUEST_ID.get()} {said and said.isoformat()} {left <= 5.5}"

    REQUEST_ID.set("r-1")
    CALLER_TIME.set(datetime(2026, 3, 10, tzinfo=UTC))
    async with stub_of(where, EchoServicer(tell)) as stub:
        response = await stub.Say(text(""), timeout=5)

    assert response.value == "r-1 2026-03-10T00:00:00+00:00 True"


@WHERE
async def test_a_stream_that_is_left_early_stops_its_server(where: str) -> None:
    stopped = asyncio.Event()

    class Endless(EchoServicer):
        async def Spell(self, request: Any, context: Any) -> AsyncIterator[Any]:
            try:
                while True:
                    yield text("a")
                    await asyncio.sleep(0.001)
            finally:
                stopped.set()

    async with stub_of(where, Endless()) as stub:
        responses = aiter(stub.Spell(text("")))
        await anext(responses)
        await responses.aclose()

        # It stops or it does not; on a busy machine word of it takes more than a second.
        async with asyncio.timeout(20):
            await stopped.wait()


async def test_nobody_listening_is_unavailable(free_port: int) -> None:
    async with connect(f"127.0.0.1:{free_port}", {}) as channel:
        stub: Any = RemoteStub(EchoStub(channel))
        with pytest.raises(DependencyUnavailable):
            await stub.Say(text("a"), timeout=2)


def test_only_the_named_methods_are_retried() -> None:
    config = service_config({"a.B": ["Get"]})

    assert config["methodConfig"][0]["name"] == [{"service": "a.B", "method": "Get"}]
    assert "methodConfig" not in service_config({})
