"""A receiver of traces, as a collector is one: real OTLP over real gRPC."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1 import (
    trace_service_pb2,
    trace_service_pb2_grpc,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass(frozen=True)
class Got:
    """A span, and the service that sent it."""

    service: str
    span: Span

    @property
    def trace(self) -> str:
        return self.span.trace_id.hex()

    @property
    def attributes(self) -> dict[str, Any]:
        return {
            pair.key: getattr(pair.value, str(pair.value.WhichOneof("value")))
            for pair in self.span.attributes
        }


@dataclass
class Receiver:
    """Keeps what was sent."""

    address: str = ""
    spans: list[Got] = field(default_factory=list)

    async def Export(self, request: Any, context: Any) -> Any:
        for part in request.resource_spans:
            [service] = [
                pair.value.string_value
                for pair in part.resource.attributes
                if pair.key == "service.name"
            ]
            for scope in part.scope_spans:
                self.spans += [Got(service, span) for span in scope.spans]
        return trace_service_pb2.ExportTraceServiceResponse()

    def named(self, name: str, kind: str) -> Iterator[Got]:
        """Spans of the method *name* of one kind: SERVER, CLIENT, INTERNAL."""
        wanted = Span.SpanKind.Value(f"SPAN_KIND_{kind}")
        for got in self.spans:
            if got.span.name == name and got.span.kind == wanted:
                yield got

    def parent(self, got: Got) -> Got | None:
        """The span that *got* is below."""
        above = got.span.parent_span_id
        for one in self.spans:
            if above and one.span.span_id == above:
                return one
        return None

    def way(self, got: Got) -> list[tuple[str, str]]:
        """Service and method of each span from the root down to *got*."""
        above = self.parent(got)
        here = (got.service, got.span.name.rpartition("/")[2])
        return [*(self.way(above) if above else []), here]


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Receive on a free port; `address` is for OTEL_EXPORTER_OTLP_ENDPOINT."""
    receiver = Receiver()
    server = grpc.aio.server()
    add: Any = trace_service_pb2_grpc.add_TraceServiceServicer_to_server
    add(receiver, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    receiver.address = f"http://127.0.0.1:{port}"
    yield receiver
    await server.stop(None)
