"""Traces over every hop, sent by OTLP where the environment asks for them.

Off unless one of the standard variables names a receiver, as in
`OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4317`; the library is not even
imported then. Spans carry the method, the outcome and the request id: nothing
of what a request says.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager, nullcontext
from contextvars import ContextVar
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Protocol, Self
from uuid import uuid4

from structlog.contextvars import bind_contextvars

from services.runtime.calls import REQUEST_ID
from services.runtime.errors import ServiceError
from services.runtime.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Hashable
    from contextlib import AbstractContextManager
    from types import TracebackType

    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, SpanKind, Tracer

    from services.runtime.interceptors import Call

TRACER: ContextVar[Tracer | None] = ContextVar("tracer", default=None)
"""Makes the spans of this process; None where nobody asked for traces."""

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
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


def configured() -> bool:
    """Whether the environment asks for traces. Raises SettingsError."""
    exporter = os.environ.get("OTEL_TRACES_EXPORTER") or "otlp"
    if exporter not in {"otlp", "none"}:
        raise SettingsError(["OTEL_TRACES_EXPORTER: must be otlp or none"])
    off = os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    if off or exporter == "none" or not any(map(os.environ.get, ENDPOINTS)):
        return False
    for name in PROTOCOLS:
        if (os.environ.get(name) or "grpc") != "grpc":
            raise SettingsError([f"{name}: must be grpc"])
    return True


@asynccontextmanager
async def tracing(service: str) -> AsyncIterator[Tracer | None]:
    """Make spans in the name of *service* where the environment asks for them.

    What is begun inside inherits `TRACER`; at the end all spans are sent.
    """
    if not configured():
        yield None
        return
    provider = _provider(service)
    tracer = provider.get_tracer("truepen")
    outer = TRACER.get()
    TRACER.set(tracer)
    try:
        yield tracer
    finally:
        TRACER.set(outer)
        await asyncio.to_thread(provider.shutdown)


def _provider(service: str) -> TracerProvider:
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    # What is given here would win over OTEL_SERVICE_NAME.
    named = os.environ.get("OTEL_SERVICE_NAME") or service
    about = {
        "service.name": named,
        "service.version": version("truepen"),
        "service.instance.id": str(uuid4()),
    }
    provider = TracerProvider(resource=Resource.create(about), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


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


def calling(name: str, request: object, *, local: bool) -> Hop:
    """Return the span of a call of method *name* with *request*.

    *local*: its work is done in this process.
    """
    tracer = TRACER.get()
    if tracer is None:
        return NO_HOP
    from opentelemetry.trace import SpanKind

    kind = SpanKind.INTERNAL if local else SpanKind.CLIENT
    return _TracedHop(tracer, method_of(type(request), name), kind)


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
