"""Spans of the calls that come in and go out, where this process has a tracer.

A span carries the method, the outcome and the request id: nothing of what a
request says. Without a tracer a call costs one look at a context variable.
"""

from __future__ import annotations

from contextlib import nullcontext
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, Self

from structlog.contextvars import bind_contextvars

from services.runtime.calls import REQUEST_ID
from services.runtime.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Hashable
    from contextlib import AbstractContextManager
    from types import TracebackType

    from opentelemetry.trace import Span, SpanKind, Tracer

    from services.runtime.interceptors import Call

TRACER: ContextVar[Tracer | None] = ContextVar("tracer", default=None)
"""Makes the spans of this process; None where nobody asked for traces."""

HEADERS = ("traceparent", "tracestate")
SERVER_FAULTS = frozenset(
    {
        "UNKNOWN",
        "DEADLINE_EXCEEDED",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
    }
)
"""What OpenTelemetry calls the server's fault; the rest is its caller's."""


class Tracing:
    """One span for each RPC, below the caller's; its trace is named in the log.

    Methods that begin with *untraced* have none.
    """

    def __init__(self, tracer: Tracer, untraced: str) -> None:
        from opentelemetry.trace.propagation import tracecontext

        self._tracer = tracer
        self._untraced = untraced
        self._format = tracecontext.TraceContextTextMapPropagator()
        # Not kept by the context: a stream may be closed in another one.
        self._spans: dict[Call, Span] = {}

    def enter(self, call: Call) -> None:
        """Begin it, as the parent of all that follows."""
        from opentelemetry import context, trace

        if call.method.startswith(self._untraced):
            return
        said = {name: call.header(name) for name in HEADERS}
        above = self._format.extract(said)
        method = call.method.removeprefix("/")
        span = self._tracer.start_span(
            method, above, trace.SpanKind.SERVER, attributes=_attributes(method)
        )
        context.attach(trace.set_span_in_context(span, above))
        self._spans[call] = span
        if span.is_recording():
            trace_id = trace.format_trace_id(span.get_span_context().trace_id)
            bind_contextvars(trace_id=trace_id)

    def leave(self, call: Call) -> None:
        """End it with the call's outcome."""
        span = self._spans.pop(call, None)
        if span is not None:
            _end(span, call.code, failed=call.code in SERVER_FAULTS)


class Hop(Protocol):
    """A call that this process makes."""

    def __enter__(self) -> Self:
        """Begin the span."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the span with the call's outcome."""

    def current(self) -> AbstractContextManager[Any]:
        """Make it the parent of what is done meanwhile, and of what is sent."""


class _NoHop:
    """Nobody asked for traces."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def current(self) -> AbstractContextManager[Any]:
        return nullcontext()


class _TracedHop:
    """A span around a call."""

    def __init__(self, tracer: Tracer, method: str, kind: SpanKind) -> None:
        self._tracer = tracer
        self._method = method
        self._kind = kind

    def __enter__(self) -> Self:
        attributes = _attributes(self._method)
        self._span = self._tracer.start_span(
            self._method, kind=self._kind, attributes=attributes
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        code = _code_of(error)
        _end(self._span, code, failed=code not in {"OK", "CANCELLED"})

    def current(self) -> AbstractContextManager[Any]:
        from opentelemetry.trace import use_span

        return use_span(
            self._span, record_exception=False, set_status_on_exception=False
        )


NO_HOP = _NoHop()


def calling(name: str, request: Any, *, local: bool) -> Hop:
    """Return the span of a call of method *name* with *request*.

    *local*: its work is done in this process.
    """
    tracer = TRACER.get()
    if tracer is None:
        return NO_HOP
    from opentelemetry.trace import SpanKind

    kind = SpanKind.INTERNAL if local else SpanKind.CLIENT
    taken: Hashable = request.__class__
    return _TracedHop(tracer, method_of(taken, name), kind)


def trace_headers() -> list[tuple[str, str]]:
    """Return the metadata that makes the callee's span a child of this one."""
    if TRACER.get() is None:
        return []
    from opentelemetry.trace.propagation import tracecontext

    carrier: dict[str, str] = {}
    tracecontext.TraceContextTextMapPropagator().inject(carrier)
    return list(carrier.items())


@cache
def method_of(request: Hashable, name: str) -> str:
    """Return the full name of method *name*, by the service that takes *request*s.

    `name` alone where that cannot be told: streams of requests.
    """
    descriptor = getattr(request, "DESCRIPTOR", None)
    if descriptor is None:
        return name
    for service in descriptor.file.services_by_name.values():
        method = service.methods_by_name.get(name)
        if method is not None and method.input_type is descriptor:
            return f"{service.full_name}/{name}"
    return name


def _attributes(method: str) -> dict[str, str]:
    service, _, name = method.rpartition("/")
    return {
        "rpc.system": "grpc",
        "rpc.service": service,
        "rpc.method": name,
        "truepen.request_id": REQUEST_ID.get(),
    }


def _end(span: Span, code: str, *, failed: bool) -> None:
    if span.is_recording():
        import grpc
        from opentelemetry.trace import StatusCode

        span.set_attribute("rpc.grpc.status_code", grpc.StatusCode[code].value[0])
        if failed:
            span.set_status(StatusCode.ERROR, code)
    span.end()


def _code_of(error: BaseException | None) -> str:
    if error is None:
        return "OK"
    if isinstance(error, ServiceError):
        return error.kind.value
    return "UNKNOWN" if isinstance(error, Exception) else "CANCELLED"
