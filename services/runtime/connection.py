"""A channel that shows who calls, and goes on when that changes."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self

import grpc

from services.runtime.calls import IDENTITY_HEADER
from services.runtime.client import MAX_MESSAGE_BYTES, RemoteStub, connect
from services.runtime.settings import RuntimeSettings, SettingsError
from services.runtime.tls import TlsFiles, channel_credentials, watched
from services.runtime.watched import Watched

NEAR = ("127.", "localhost", "[::1]")
OLD_CHANNEL_S = 60.0
"""What calls in flight may take where a new certificate has a channel of its own."""


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

    def stub(self, make: Callable[[Any], Any], who: str = "") -> RemoteStub:
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


def _token_in(file: Path) -> Watched[str]:
    try:
        return Watched((file,), lambda: file.read_text("utf-8").strip(), secret=True)
    except OSError as error:
        raise SettingsError([f"bearer file: {error}"]) from error


def _is_near(target: str) -> bool:
    """Say whether *target* is on this machine."""
    host = target.rpartition("//")[2].lstrip("/")
    return target.startswith("unix:") or host.startswith(NEAR)
