"""`truepen restored` and `truepen erasures`: what a restored database needs."""

from __future__ import annotations

import asyncio
import sys
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path  # noqa: TC003  # typer reads it at run time
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from services.cli.migrate import Stored  # typer reads it at run time
from services.cli.options import DataDir  # noqa: TC001  # typer reads it at run time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.accounts.restoring import Restoring
    from services.accounts.storage.erasures import Erasure
    from services.runtime.database import Database

START = datetime(1970, 1, 1, tzinfo=UTC)


def erasures(
    since: Annotated[
        str | None, typer.Option(help="ISO 8601 with an offset; all by default.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="File of JSON lines; standard output.")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """List whom accounts erased and when, by hash, to keep beside the backups."""
    from services.cli.output import print_record
    from services.cli.stored import stored

    start_us = _microseconds(since) if since else 0

    async def write(database: Database, out: TextIO) -> int:
        count = 0
        async for erasure in restoring(database).erasures(start_us):
            print_record(_line(erasure), out)
            count += 1
        return count

    opened: Any = output.open("w", encoding="utf-8") if output else None
    with (
        opened or nullcontext(sys.stdout) as out,
        stored(Stored.ACCOUNTS, data_dir) as database,
    ):
        count = asyncio.run(write(database, out))
    if output:
        print_record({"erasures": count, "output": str(output)})


def restored(
    service: Annotated[Stored, typer.Argument(help="Whose database was restored.")],
    erasures: Annotated[
        Path | None,
        typer.Option(help="What `truepen erasures` wrote before the restore."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Prepare a restored database: before anything is served from it.

    The log gets another name, so that followers with a cursor from before the
    restore start over rather than miss what differs; accounts that were erased
    since the backup are erased again. Safe to repeat.
    """
    from services.cli.output import print_record
    from services.cli.stored import stored

    if erasures and service is not Stored.ACCOUNTS:
        typer.echo("--erasures is for accounts: policy follows it", err=True)
        raise typer.Exit(2)
    try:
        known = list(_read(erasures)) if erasures else []
    except (OSError, ValueError, KeyError, TypeError) as error:
        typer.echo(f"{erasures} cannot be read: {error!r}", err=True)
        raise typer.Exit(2) from error
    with stored(service, data_dir) as database:
        if service is Stored.ACCOUNTS:
            done = asyncio.run(_accounts(database, known))
        else:
            done = {"log_epoch": _policy(database)}
    print_record({"service": service.value, **done})


def restoring(database: Database) -> Restoring:
    """Wire what looks after a restored database of accounts."""
    from services.accounts.erasing import Erasing
    from services.accounts.restoring import Restoring
    from services.runtime.bell import Bell
    from services.runtime.clock import SystemClock

    return Restoring(database, Erasing(database, SystemClock(), Bell()))


async def _accounts(database: Database, known: list[Erasure]) -> dict[str, Any]:
    work = restoring(database)
    again = await work.erase_again(known)
    return {"log_epoch": await work.rename(), "erased_again": again}


def _policy(database: Database) -> str:
    from services.policy.storage.counters import change_epoch, epoch

    database.write_sync(change_epoch)
    return database.read_sync(epoch)


def _line(erasure: Erasure) -> dict[str, str]:
    at = START + timedelta(microseconds=erasure.erase_us)
    return {"account_sha256": erasure.account_hash, "erase_time": at.isoformat()}


def _read(path: Path) -> Iterator[Erasure]:
    import json

    from services.accounts.storage.erasures import Erasure

    with path.open(encoding="utf-8") as lines:
        for line in lines:
            found = json.loads(line)
            yield Erasure(found["account_sha256"], _microseconds(found["erase_time"]))


def _microseconds(text: str) -> int:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no offset from UTC")
    return (moment - START) // timedelta(microseconds=1)
