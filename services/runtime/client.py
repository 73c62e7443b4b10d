"""Channels to other services, and stubs that raise what the server raised."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Generator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self

import grpc

from services.runtime.calls import (
    IDENTITY_HEADER,
    REQUEST_ID,
    REQUEST_ID_HEADER,
    TIME_HEADER,
    time_left,
)
from services.runtime.clock import CALLER_TIME
from services.runtime.settings import RuntimeSettings, SettingsError
from services.runtime.status import from_rpc_error
from services.runtime.tls import TlsFiles, channel_credentials, watched
from services.runtime.watched import Watched

Metadata = Callable[[], list[tuple[str, str]]]

DEFAULT_TIMEOUT = 10.0
OLD_CHANNEL_S = 60.0
"""What calls in flight may take where a new certificate has a channel of its own."""
MAX_MESSAGE_BYTES = 16 * 2**20
NEAR = ("127.", "localhost", "[::1]")


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


class Connection:
    """A channel to *target* that shows who calls, whatever changes meanwhile.

    *tls* names the files; None is plaintext. A new channel takes over once they
    change; calls in flight stay on the old one. *bearer_file* holds a token for
    each call, which goes over plaintext only to this machine, or where
    *insecure* says that something else encrypts. `async with` closes it.
    """

    def __init__(
        self,
        target: str,
        idempotent: Mapping[str, Sequence[str]],
        *,
        tls: TlsFiles | None = None,
        bearer_file: Path | None = None,
        insecure: bool = False,
        max_message_bytes: int = MAX_MESSAGE_BYTES,
    ) -> None:
        if bearer_file and tls is None and not insecure and not _is_near(target):
            raise SettingsError([f"a token would go to {target} in plaintext"])
        self._open = partial(connect, target, idempotent)
        self._max_message_bytes = max_message_bytes
        self._pem = None if tls is None else watched(tls)
        self._token = None if bearer_file is None else _token_in(bearer_file)
        self._version = 0
        self._stubs: dict[Any, Any] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._channel: grpc.aio.Channel | None = None

    @classmethod
    def of(
        cls,
        target: str,
        idempotent: Mapping[str, Sequence[str]],
        settings: RuntimeSettings,
    ) -> Self:
        """Connect as this process does by its settings: TLS where it has a CA."""
        return cls(
            target,
            idempotent,
            tls=TlsFiles.of(settings) if settings.tls_ca is not None else None,
            bearer_file=settings.bearer_file,
            insecure=settings.insecure,
        )

    async def __aenter__(self) -> Self:
        """Return itself; the connection is made by the first call."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        await self.close()

    async def close(self) -> None:
        """End what is in flight and close every channel."""
        for task in self._leaving:
            task.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)
        if self._channel is not None:
            await self._channel.close()

    def stub(self, make: Callable[[Any], Any], who: str = "") -> "RemoteStub":
        """Return a stub of the generated class *make*.

        *who* speaks, which servers believe on loopback alone.
        """
        return RemoteStub(_Current(self, make), partial(self._metadata, who))

    def channel(self) -> grpc.aio.Channel:
        """Return the channel of now."""
        pem = None if self._pem is None else self._pem.get()
        version = 0 if self._pem is None else self._pem.version
        if self._channel is None or version != self._version:
            if self._channel is not None:
                self._leave(self._channel)
            credentials = None if pem is None else channel_credentials(pem)
            self._channel = self._open(credentials, self._max_message_bytes)
            self._version = version
            self._stubs.clear()
        return self._channel

    def current(self, make: Callable[[Any], Any]) -> Any:
        """Return the generated stub *make* on the channel of now."""
        channel = self.channel()
        stub = self._stubs.get(make)
        if stub is None:
            stub = self._stubs[make] = make(channel)
        return stub

    def _leave(self, channel: grpc.aio.Channel) -> None:
        task = asyncio.create_task(channel.close(OLD_CHANNEL_S))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    def _metadata(self, who: str) -> list[tuple[str, str]]:
        metadata = [(IDENTITY_HEADER, who)] if who else []
        if self._token is not None:
            metadata.append(("authorization", f"Bearer {self._token.get()}"))
        return metadata


class _Current:
    """The stub of a connection, on whatever channel that has."""

    def __init__(self, connection: Connection, make: Callable[[Any], Any]) -> None:
        self._connection = connection
        self._make = make

    def __getattr__(self, name: str) -> Any:
        """Return the method *name*."""
        return getattr(self._connection.current(self._make), name)


class RemoteCall:
    """A call about to be made: await it, or iterate over it."""

    def __init__(
        self,
        method: Callable[..., Any],
        request: Any,
        limit: float | None,
        metadata: Metadata,
    ) -> None:
        self._method = method
        self._request = request
        self._limit = limit
        self._metadata = metadata

    def __await__(self) -> Generator[Any, None, Any]:
        """Return the one response."""
        return self._unary().__await__()

    async def __aiter__(self) -> AsyncIterator[Any]:
        """Yield the responses."""
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
        try:
            return await self._send(time_left(limit))
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error) from error

    def _send(self, limit: float | None) -> Any:
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
            return RemoteCall(method, request, timeout, self._metadata)

        return call


def propagated() -> list[tuple[str, str]]:
    """Return the metadata that follows a call through every hop."""
    metadata = []
    if request_id := REQUEST_ID.get():
        metadata.append((REQUEST_ID_HEADER, request_id))
    if (said := CALLER_TIME.get()) is not None:
        metadata.append((TIME_HEADER, said.isoformat()))
    return metadata


async def wait_until_ready(channel: grpc.aio.Channel, seconds: float) -> None:
    """Wait for the first connection; raise TimeoutError. For start-up only."""
    async with asyncio.timeout(seconds):
        await channel.channel_ready()


def _token_in(file: Path) -> Watched[str]:
    try:
        return Watched((file,), lambda: file.read_text("utf-8").strip(), secret=True)
    except OSError as error:
        raise SettingsError([f"bearer file: {error}"]) from error


def _is_near(target: str) -> bool:
    """Say whether *target* is on this machine."""
    host = target.rpartition("//")[2].lstrip("/")
    return target.startswith("unix:") or host.startswith(NEAR)
