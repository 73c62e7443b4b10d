"""Traces over every hop, sent by OTLP where the environment asks for them.

Off unless one of the standard variables names a receiver, as in
`OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4317`; the library is not even
imported then. `spans` makes them.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING
from uuid import uuid4

from services.runtime.settings import SettingsError
from services.runtime.spans import TRACER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Tracer

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")


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
