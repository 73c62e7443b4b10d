"""Channels to other services, and stubs that raise what the server raised."""

import json
from collections.abc import AsyncIterator, Callable, Generator, Mapping, Sequence
from typing import Any

import grpc

from services.runtime.calls import (
    REQUEST_ID,
    REQUEST_ID_HEADER,
    TIME_HEADER,
    time_left,
)
from services.runtime.clock import CALLER_TIME
from services.runtime.spans import Hop, calling, trace_headers
from services.runtime.status import from_rpc_error

Metadata = Callable[[], list[tuple[str, str]]]

DEFAULT_TIMEOUT = 10.0
MAX_MESSAGE_BYTES = 16 * 2**20


def connect(
    target: str,
    idempotent: Mapping[str, Sequence[str]],
    credentials: grpc.ChannelCredentials | None = None,
    max_message_bytes: int = MAX_MESSAGE_BYTES,
) -> grpc.aio.Channel:
    """Open a channel to *target*, as `localhost:50051` or `dns:///host:port`.

    *idempotent* maps a full service name to the methods that may be sent
    again when the server was unavailable. Plaintext without *credentials*.
    """
    options = [
        ("grpc.service_config", json.dumps(service_config(idempotent))),
        ("grpc.max_send_message_length", max_message_bytes),
        ("grpc.max_receive_message_length", max_message_bytes),
        ("grpc.keepalive_time_ms", 60_000),
        # By default the wait grows to two minutes, long after the server is back.
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 5_000),
    ]
    if credentials is None:
        return grpc.aio.insecure_channel(target, options=options)
    return grpc.aio.secure_channel(target, credentials, options=options)


def service_config(idempotent: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return gRPC's service config: round robin, retries of UNAVAILABLE."""
    names = [
        {"service": service, "method": method}
        for service, methods in idempotent.items()
        for method in methods
    ]
    config: dict[str, Any] = {"loadBalancingConfig": [{"round_robin": {}}]}
    if names:
        retry = {
            "maxAttempts": 4,
            "initialBackoff": "0.1s",
            "maxBackoff": "2s",
            "backoffMultiplier": 2,
            "retryableStatusCodes": ["UNAVAILABLE"],
        }
        config["methodConfig"] = [{"name": names, "retryPolicy": retry}]
    return config


class RemoteCall:
    """A call about to be made: await it, or iterate over it."""

    def __init__(
        self,
        method: Callable[..., Any],
        request: Any,
        limit: float | None,
        metadata: Metadata,
        hop: Hop,
    ) -> None:
        self._hop = hop
        self._method = method
        self._request = request
        self._limit = limit
        self._metadata = metadata

    def __await__(self) -> Generator[Any, None, Any]:
        """Return the one response."""
        return self._unary().__await__()

    async def __aiter__(self) -> AsyncIterator[Any]:
        """Yield the responses."""
        with self._hop:
            call = self._send(time_left(self._limit))
            try:
                async for response in call:
                    yield response
            except grpc.aio.AioRpcError as error:
                raise from_rpc_error(error) from error
            finally:
                call.cancel()  # one that was left early would keep its stream

    async def _unary(self) -> Any:
        limit = DEFAULT_TIMEOUT if self._limit is None else self._limit
        with self._hop:
            try:
                return await self._send(time_left(limit))
            except grpc.aio.AioRpcError as error:
                raise from_rpc_error(error) from error

    def _send(self, limit: float | None) -> Any:
        with self._hop.current():  # a stream must not lend it to its reader
            metadata = [*propagated(), *self._metadata()]
        return self._method(self._request, timeout=limit, metadata=metadata)


class RemoteStub:
    """Wraps a generated *stub*; `await stub.Method(request, timeout=1)`.

    Unary calls always have a deadline: *timeout*, else 10 s, and never more
    than what is left to the call on whose behalf they are made. *metadata*
    gives what else goes with each call.
    """

    def __init__(self, stub: object, metadata: Metadata = list) -> None:
        self._stub = stub
        self._metadata = metadata

    def __getattr__(self, name: str) -> Callable[..., RemoteCall]:
        """Return the method *name* of the stub."""
        method = getattr(self._stub, name)

        def call(request: Any, *, timeout: float | None = None) -> RemoteCall:
            hop = calling(name, request, local=False)
            return RemoteCall(method, request, timeout, self._metadata, hop)

        return call


def propagated() -> list[tuple[str, str]]:
    """Return the metadata that follows a call through every hop."""
    metadata = []
    if request_id := REQUEST_ID.get():
        metadata.append((REQUEST_ID_HEADER, request_id))
    if (said := CALLER_TIME.get()) is not None:
        metadata.append((TIME_HEADER, said.isoformat()))
    metadata += trace_headers()
    return metadata
