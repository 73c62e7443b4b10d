"""Asks a running suite one question; tells what went wrong in one line."""

import asyncio
from typing import Any

import typer
from google.protobuf.message import Message

from services.runtime.client import RemoteStub, connect
from services.runtime.errors import ServiceError
from services.runtime.settings import RuntimeSettings
from services.runtime.tls import channel_credentials

TIMEOUT = 10.0


def ask(target: str, stub: Any, method: str, request: Message) -> Any:
    """Return the response of *method* of the generated *stub* class at *target*.

    Uses TLS where TRUEPEN_TLS_CA is set. Ends the command where there is none.
    """
    try:
        return asyncio.run(_ask(target, stub, method, request))
    except ServiceError as error:
        typer.echo(f"{target}: {error.kind}, {error.reason}: {error}", err=True)
        raise typer.Exit(1) from error


async def _ask(target: str, stub: Any, method: str, request: Message) -> Any:
    credentials = channel_credentials(RuntimeSettings())
    async with connect(target, {}, credentials) as channel:
        return await getattr(RemoteStub(stub(channel)), method)(
            request, timeout=TIMEOUT
        )


def account_name(account: str) -> str:
    """Return the resource name of *account*, which may be one already."""
    return account if account.startswith("accounts/") else f"accounts/{account}"
