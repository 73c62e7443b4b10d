"""A service of each RPC kind over well-known messages, stub included."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
from google.protobuf.wrappers_pb2 import StringValue

NAME = "tests.v1.EchoService"

Behaviour = Callable[[str], str]


class EchoServicer:
    """Answers what *behave* makes of each text."""

    def __init__(self, behave: Behaviour = str) -> None:
        self.behave = behave

    async def Say(self, request: StringValue, context: Any) -> StringValue:
        return StringValue(value=self.behave(request.value))

    async def Spell(
        self, request: StringValue, context: Any
    ) -> AsyncIterator[StringValue]:
        for letter in request.value:
            yield StringValue(value=self.behave(letter))

    async def Join(
        self, requests: AsyncIterator[StringValue], context: Any
    ) -> StringValue:
        return StringValue(
            value="".join([self.behave(request.value) async for request in requests])
        )

    async def Talk(
        self, requests: AsyncIterator[StringValue], context: Any
    ) -> AsyncIterator[StringValue]:
        async for request in requests:
            yield StringValue(value=self.behave(request.value))

    def Missing(self, request: StringValue, context: Any) -> StringValue:
        """What protoc generates for a method that nobody wrote."""
        context.set_code(grpc.StatusCode.UNIMPLEMENTED)
        context.set_details("Method not implemented!")
        raise NotImplementedError("Method not implemented!")


KINDS = {
    "Say": "unary_unary",
    "Spell": "unary_stream",
    "Join": "stream_unary",
    "Talk": "stream_stream",
    "Missing": "unary_unary",
}


def add_echo(servicer: Any, server: Any) -> None:
    handlers = {
        name: getattr(grpc, f"{kind}_rpc_method_handler")(
            getattr(servicer, name),
            StringValue.FromString,
            StringValue.SerializeToString,
        )
        for name, kind in KINDS.items()
    }
    handler = grpc.method_handlers_generic_handler(NAME, handlers)
    server.add_generic_rpc_handlers((handler,))


class EchoStub:
    """What protoc would generate."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        for name, kind in KINDS.items():
            method = getattr(channel, kind)(
                f"/{NAME}/{name}",
                request_serializer=StringValue.SerializeToString,
                response_deserializer=StringValue.FromString,
            )
            setattr(self, name, method)


def text(value: str) -> StringValue:
    return StringValue(value=value)


async def texts(*values: str) -> AsyncIterator[StringValue]:
    for value in values:
        yield text(value)
