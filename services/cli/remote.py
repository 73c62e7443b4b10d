"""Asks a running suite one question; tells what went wrong in one line."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any

import typer
from google.protobuf.message import Message

from services.runtime.client import RemoteStub, connect
from services.runtime.errors import ServiceError
from services.runtime.settings import RuntimeSettings
from services.runtime.tls import channel_credentials

TIMEOUT = 10.0
IDENTITY_HEADER = "truepen-identity"


def ask(target: str, stub: Any, method: str, request: Message, who: str = "") -> Any:
    """Return the response of *method* of the generated *stub* class at *target*.

    Uses TLS where TRUEPEN_TLS_CA is set; *who* asks, which servers believe on
    loopback alone. Ends the command where there is no response.
    """
    if not (who.isascii() and who.isprintable()):
        typer.echo("--as: metadata takes printable ASCII only", err=True)
        raise typer.Exit(2)
    try:
        return asyncio.run(_ask(target, stub, method, request, who))
    except ServiceError as error:
        typer.echo(f"{target}: {error.kind}, {error.reason}: {error}", err=True)
        raise typer.Exit(1) from error


def follow(
    target: str, stub: Any, method: str, request: Message, who: str = ""
) -> Iterator[Any]:
    """Yield what the streaming *method* tells, as it comes; as `ask` otherwise."""
    runner = asyncio.Runner()
    opened = _following(target, stub, method, request, who)
    try:
        while (told := runner.run(anext(opened, None))) is not None:
            yield told
    except ServiceError as error:
        typer.echo(f"{target}: {error.kind}, {error.reason}: {error}", err=True)
        raise typer.Exit(1) from error
    finally:
        runner.run(opened.aclose())
        runner.close()


async def _following(
    target: str, stub: Any, method: str, request: Message, who: str
) -> AsyncGenerator[Any, None]:
    credentials = channel_credentials(RuntimeSettings())
    async with connect(target, {}, credentials) as channel:
        signed = RemoteStub(Signed(stub(channel), who))
        async for told in getattr(signed, method)(request):
            yield told


class Signed:
    """A generated *stub* whose calls say who makes them."""

    def __init__(self, stub: Any, who: str) -> None:
        self._stub = stub
        self._who = [(IDENTITY_HEADER, who)] if who else []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return the method *name* of the stub."""
        method = getattr(self._stub, name)

        def call(request: Any, *, timeout: float | None, metadata: list[Any]) -> Any:
            return method(request, timeout=timeout, metadata=[*metadata, *self._who])

        return call


async def _ask(target: str, stub: Any, method: str, request: Message, who: str) -> Any:
    credentials = channel_credentials(RuntimeSettings())
    async with connect(target, {}, credentials) as channel:
        signed = RemoteStub(Signed(stub(channel), who))
        return await getattr(signed, method)(request, timeout=TIMEOUT)


def account_name(account: str) -> str:
    """Return the resource name of *account*, which may be one already."""
    return account if account.startswith("accounts/") else f"accounts/{account}"
