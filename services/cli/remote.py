"""Asks a running suite one question; tells what went wrong in one line."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import typer
from google.protobuf.message import Message

from services.runtime.connection import Connection
from services.runtime.errors import Kind, ServiceError
from services.runtime.settings import RuntimeSettings, SettingsError

TIMEOUT = 10.0
HINTS = {
    Kind.UNAVAILABLE: "Is the suite running there? `truepen serve` starts one; "
    "--target HOST:PORT names another.",
    Kind.UNAUTHENTICATED: "TRUEPEN_BEARER_FILE, or TRUEPEN_TLS_CERT with "
    "TRUEPEN_TLS_KEY, say who you are: docs/identity.md.",
    Kind.PERMISSION_DENIED: "The server's access file says who may: docs/identity.md.",
}


def ask(target: str, stub: Any, method: str, request: Message, who: str = "") -> Any:
    """Return the response of *method* of the generated *stub* class at *target*.

    Uses TLS where TRUEPEN_TLS_CA is set, and shows the certificate and the token
    that are set; *who* asks, which servers believe on loopback alone. Ends the
    command where there is no response.
    """
    if not (who.isascii() and who.isprintable()):
        typer.echo("--as: metadata takes printable ASCII only", err=True)
        raise typer.Exit(2)
    try:
        return asyncio.run(_ask(target, stub, method, request, who))
    except SettingsError as error:
        typer.echo(error, err=True)
        raise typer.Exit(2) from error
    except ServiceError as error:
        raise refused(target, error) from error


def follow(
    target: str, stub: Any, method: str, request: Message, who: str = ""
) -> Iterator[Any]:
    """Yield what the streaming *method* tells, as it comes; as `ask` otherwise."""
    runner = asyncio.Runner()
    opened = _following(target, stub, method, request, who)
    try:
        while (told := runner.run(anext(opened, None))) is not None:
            yield told
    except SettingsError as error:
        typer.echo(error, err=True)
        raise typer.Exit(2) from error
    except ServiceError as error:
        raise refused(target, error) from error
    finally:
        runner.run(opened.aclose())
        runner.close()


def refused(target: str, error: ServiceError) -> typer.Exit:
    """Tell what *target* answered and what to do, and return how to end."""
    typer.echo(f"{target}: {error.kind}, {error.reason}: {error}", err=True)
    if error.kind in HINTS:
        typer.echo(HINTS[error.kind], err=True)
    return typer.Exit(1)


async def _following(
    target: str, stub: Any, method: str, request: Message, who: str
) -> AsyncGenerator[Any, None]:
    async with Connection.of(target, {}, _runtime()) as connection:
        async for told in getattr(connection.stub(stub, who), method)(request):
            yield told


async def _ask(target: str, stub: Any, method: str, request: Message, who: str) -> Any:
    async with Connection.of(target, {}, _runtime()) as connection:
        call = getattr(connection.stub(stub, who), method)
        return await call(request, timeout=TIMEOUT)


def _runtime() -> RuntimeSettings:
    """Return how this process connects; SettingsError with every fault."""
    from services.suite import SuiteSettings

    return SuiteSettings.from_environment().runtime


def account_name(account: str) -> str:
    """Return the resource name of *account*, which may be one already."""
    return account if account.startswith("accounts/") else f"accounts/{account}"
