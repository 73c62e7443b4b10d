"""The whole suite in one process, on a free port and a fresh database."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.rpc import status_pb2

from services.accounts.settings import AccountsSettings
from services.detector.settings import DetectorSettings
from services.policy.settings import PolicySettings
from services.runtime.process import wire
from services.runtime.settings import RuntimeSettings
from services.suite import SuiteSettings, suite
from truepen.accounts.v1 import accounts_service_pb2, reports_service_pb2
from truepen.detector.v1 import detector_service_pb2
from truepen.policy.v1 import (
    appeals_service_pb2,
    cases_service_pb2,
    enforcement_service_pb2,
    notices_service_pb2,
    rulesets_service_pb2,
)

CALL_SECONDS = 20

FILES = (
    detector_service_pb2,
    accounts_service_pb2,
    reports_service_pb2,
    enforcement_service_pb2,
    notices_service_pb2,
    appeals_service_pb2,
    cases_service_pb2,
    rulesets_service_pb2,
)
SERVICES: tuple[ServiceDescriptor, ...] = tuple(
    service for file in FILES for service in file.DESCRIPTOR.services_by_name.values()
)
METHODS: tuple[MethodDescriptor, ...] = tuple(
    method for service in SERVICES for method in service.methods
)


def suite_settings(
    folder: Path,
    runtime: Mapping[str, Any] | None = None,
    policy: Mapping[str, Any] | None = None,
    accounts: Mapping[str, Any] | None = None,
) -> SuiteSettings:
    """Settings of a suite that keeps everything in *folder*."""
    return SuiteSettings(
        RuntimeSettings(port=0, data_dir=folder, **(runtime or {})),
        DetectorSettings(),
        AccountsSettings(**(accounts or {})),
        PolicySettings(**(policy or {})),
    )


@asynccontextmanager
async def running(settings: SuiteSettings) -> AsyncIterator[grpc.aio.Channel]:
    """Serve it, and connect."""
    async with (
        suite(settings, wire(settings.runtime)) as server,
        grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel,
    ):
        yield channel


async def call(
    channel: grpc.aio.Channel,
    method: MethodDescriptor,
    request: Message,
) -> list[Message]:
    """Call any method by its descriptor; the responses, one for a unary one."""
    answer = message_factory.GetMessageClass(method.output_type)
    path = f"/{method.containing_service.full_name}/{method.name}"
    kind = (
        ("stream" if method.client_streaming else "unary")
        + "_"
        + ("stream" if method.server_streaming else "unary")
    )
    make = getattr(channel, kind)(
        path,
        request_serializer=type(request).SerializeToString,
        response_deserializer=answer.FromString,
    )
    sent = iter([request]) if method.client_streaming else request
    made = make(sent, timeout=CALL_SECONDS)
    if not method.server_streaming:
        return [await made]
    return [response async for response in made]


async def refusal(
    channel: grpc.aio.Channel, method: MethodDescriptor, request: Message
) -> grpc.aio.AioRpcError | None:
    """How a call fails; None where it does not."""
    try:
        await call(channel, method, request)
    except grpc.aio.AioRpcError as error:
        return error
    return None


def status_of(error: grpc.aio.AioRpcError) -> status_pb2.Status | None:
    """The google.rpc.Status that *error* carries."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin" and isinstance(value, bytes):
            return status_pb2.Status.FromString(value)
    return None
