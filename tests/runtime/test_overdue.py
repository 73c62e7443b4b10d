"""Calls that take too long: ended one by one, and only those."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
from google.protobuf.wrappers_pb2 import StringValue

from services.runtime.concerns import Deadline
from tests.conftest import serving
from tests.runtime.echo import EchoServicer, EchoStub, add_echo

STUCK, QUICK = StringValue(value="stuck"), StringValue(value="quick")


class Some(EchoServicer):
    """Never answers `stuck`; spells once it is `told` to."""

    def __init__(self) -> None:
        super().__init__()
        self.told = asyncio.Event()

    async def Say(self, request: StringValue, context: Any) -> StringValue:
        if request.value == "stuck":
            await asyncio.Event().wait()
        return request

    async def Spell(
        self, request: StringValue, context: Any
    ) -> AsyncIterator[StringValue]:
        await self.told.wait()
        yield request


async def code_of(call: Any) -> grpc.StatusCode:
    """How *call* ends."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


async def test_each_call_that_is_late_is_ended_and_no_other() -> None:
    async with serving(add_echo, Some(), Deadline(cap=0.5)) as channel:
        stub: Any = EchoStub(channel)
        say = stub.Say
        first = [await code_of(say(request)) for request in (QUICK, STUCK, QUICK)]
        together = await asyncio.gather(*(code_of(say(STUCK)) for _ in range(3)))
        last = await code_of(say(QUICK))

    ok, late = grpc.StatusCode.OK, grpc.StatusCode.DEADLINE_EXCEEDED
    assert first == [ok, late, ok]
    assert together == [late, late, late]
    assert last is ok


async def test_a_stream_outlasts_what_ends_single_calls() -> None:
    servicer = Some()
    async with serving(add_echo, servicer, Deadline(cap=0.5)) as channel:
        stub: Any = EchoStub(channel)
        stream = stub.Spell(QUICK)
        ended = await code_of(stub.Say(STUCK))
        servicer.told.set()
        spelt = [each.value async for each in stream]

    assert ended is grpc.StatusCode.DEADLINE_EXCEEDED
    assert spelt == ["quick"]
