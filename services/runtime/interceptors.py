"""What every RPC goes through: one grpc interceptor, a chain of concerns.

A concern is a pair of plain calls, `enter` and `leave`, rather than a grpc
interceptor of its own: eight nested coroutines a call cost more than a read
from memory does, and streams would pay for each message.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import grpc
import structlog
from google.protobuf.message import DecodeError
from grpc_status import rpc_status

from services.runtime.errors import (
    DeadlineExceeded,
    InternalError,
    InvalidField,
    NotImplementedYet,
    ServiceError,
)
from services.runtime.status import pushback, to_status

if TYPE_CHECKING:  # grpcio's classes are generic only in the stubs
    from collections.abc import AsyncIterator, Awaitable, Callable

    from services.runtime.calls import Caller
    from services.runtime.fairness import Use
    from services.runtime.gates import Ticket

    Context = grpc.aio.ServicerContext[Any, Any]
    Handler = grpc.RpcMethodHandler[Any, Any]
    Parse = Callable[[bytes], Any]
    Next = Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]]

log = structlog.get_logger()

_METADATA: ContextVar[Any] = ContextVar("metadata", default=None)
"""Of the call being handled; each call has a context of its own."""


class Call:
    """One RPC on its way through the server."""

    __slots__ = (
        "_metadata", "bounded", "caller", "code", "context", "late", "method",
        "size", "started", "task", "ticket", "use",
    )  # fmt: skip

    def __init__(
        self, method: str, context: Context, *, bounded: bool, size: int | None = None
    ) -> None:
        self.method = method
        self.context = context
        self.size = size
        """Bytes of a unary call's message; None of a stream."""
        self.started = time.perf_counter()
        self.code = "OK"
        self.bounded = bounded
        """Whether it ends in its time though its caller set no limit."""
        self.task: asyncio.Task[Any] | None = None
        """What to cancel where it takes too long."""
        self.late = False
        """It was cancelled because it took too long."""
        self.caller: Caller | None = None
        """Who calls; None where nobody asked."""
        self.use: Use | None = None
        """What it takes of its caller's share."""
        self.ticket: Ticket | None = None
        """Its place among the calls of its method."""
        self._metadata: dict[str, str | bytes] | None = None

    def header(self, key: str) -> str:
        """Return the metadata value of *key*, or "" where it is absent."""
        if self._metadata is None:
            # grpc has read it once already, and would do so again.
            known = _METADATA.get()
            if known is None:
                known = self.context.invocation_metadata() or ()
            self._metadata = dict(known)
        value = self._metadata.get(key, "")
        return value if isinstance(value, str) else ""

    @property
    def ms(self) -> float:
        """Milliseconds since it came in."""
        return (time.perf_counter() - self.started) * 1e3


class Concern(Protocol):
    """One thing done around every RPC."""

    def enter(self, call: Call) -> Awaitable[None] | None:
        """Prepare, or refuse by raising a ServiceError; rarely by and by."""

    def leave(self, call: Call) -> None:
        """Run after the outcome is known in `call.code`; must not raise."""


class Chain(grpc.aio.ServerInterceptor):
    """Runs *concerns* in order and turns exceptions into statuses."""

    def __init__(self, *concerns: Concern) -> None:
        self._concerns = concerns
        self._reversed = tuple(reversed(concerns))
        self._rewrapped: dict[str, tuple[Handler, Handler]] = {}

    async def intercept_service(
        self, continuation: Next, handler_call_details: grpc.HandlerCallDetails
    ) -> Handler | None:
        """Wrap the handler of this method, whichever kind it is."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        _METADATA.set(handler_call_details.invocation_metadata)
        # grpc asks for each call; what it gets for a method stays the same.
        method = handler_call_details.method
        known = self._rewrapped.get(method)
        if known is None or known[0] is not handler:
            known = handler, self._rewrap(handler, method)
            self._rewrapped[method] = known
        return known[1]

    def _rewrap(self, handler: Handler, method: str) -> Handler:
        """Copy *handler* with the chain around it; the four kinds are two."""
        kind = ("unary" if not handler.request_streaming else "stream") + (
            "_unary" if not handler.response_streaming else "_stream"
        )
        wrap = self._stream if handler.response_streaming else self._unary
        make = getattr(grpc, f"{kind}_rpc_method_handler")
        parse = _parsed(handler.request_deserializer)
        # A single message stays bytes until its call is let in.
        early, late = (parse, None) if handler.request_streaming else (None, parse)
        rewrapped: Handler = make(
            wrap(getattr(handler, kind), method, late),
            early,
            handler.response_serializer,
        )
        return rewrapped

    def _unary(
        self, inner: Callable[..., Awaitable[Any]], method: str, parse: Parse | None
    ) -> Any:
        async def call(request: Any, context: Context) -> Any:
            # A stream of requests is no message, and has no size.
            size = None if parse is None else len(request)
            call = Call(method, context, bounded=True, size=size)
            try:
                await self._enter(call)
                if parse is not None:
                    request = parse(request)
                return await inner(request, context)
            except BaseException as error:  # noqa: BLE001  # it always raises
                await _fail(call, error)
            finally:
                self._leave(call)

        return call

    def _stream(
        self, inner: Callable[..., Any], method: str, parse: Parse | None
    ) -> Any:
        async def call(request: Any, context: Context) -> AsyncIterator[Any]:
            call = Call(method, context, bounded=False)
            try:
                await self._enter(call)
                if parse is not None:
                    request = parse(request)
                responses = inner(request, context)
                if inspect.isawaitable(responses):  # it calls context.write itself
                    await responses
                    return
                async for response in responses:
                    yield response
            except BaseException as error:  # noqa: BLE001  # it always raises
                await _fail(call, error)
            finally:
                self._leave(call)

        return call

    async def _enter(self, call: Call) -> None:
        for concern in self._concerns:
            waiting = concern.enter(call)
            if waiting is not None:
                await waiting

    def _leave(self, call: Call) -> None:
        for concern in self._reversed:
            concern.leave(call)


def _parsed(parse: Parse | None) -> Parse:
    """Wrap *parse* to say what is wrong: grpc itself would answer UNKNOWN.

    Too deep a nesting is malformed as well: protobuf stops at 100 levels.
    """

    def parsed(data: bytes) -> Any:
        try:
            return data if parse is None else parse(data)
        except DecodeError:
            raise InvalidField("request", "is no message of this method") from None

    return parsed


async def _fail(call: Call, error: BaseException) -> NoReturn:
    """End *call* with the status that *error* earns. Always raises."""
    if _is_late(call, error):
        error = TimeoutError()
    if isinstance(error, grpc.aio.AbortError):
        call.code = grpc.StatusCode(call.context.code()).name
        raise error
    if not isinstance(error, Exception):  # cancelled, or the stream was closed
        call.code = "CANCELLED"
        raise error
    known = translate(error, call.method)
    call.code = known.kind.value
    status = rpc_status.to_status(to_status(known))
    trailers = (*status.trailing_metadata, *pushback(known))
    await call.context.abort(status.code, status.details, trailers)


def _is_late(call: Call, error: BaseException) -> bool:
    """Say whether *error* only means that *call* took too long.

    Not where its caller went away as well. From here on it is not cancelled.
    """
    task, call.task = call.task, None
    if task is None or not call.late:
        return False
    return task.uncancel() == 0 and isinstance(error, asyncio.CancelledError)


def translate(error: Exception, method: str) -> ServiceError:
    """Return what a caller may know of *error*; the log gets the rest."""
    if isinstance(error, ServiceError):
        return error
    if isinstance(error, TimeoutError):
        return DeadlineExceeded()
    if isinstance(error, NotImplementedError):  # what generated servicers raise
        return NotImplementedYet(method)
    log.error("unhandled", method=method, exc_info=error)
    return InternalError()
