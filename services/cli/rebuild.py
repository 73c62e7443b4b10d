"""`truepen rebuild`: whether the log still adds up to the profiles that are kept."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import typer

from services.cli.options import DataDir, OneOrAll  # noqa: TC001  # typer reads it at run time

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from services.accounts.profiles import Rebuilt
    from services.runtime.database import Database

PAGE = 200


def rebuild(
    account: OneOrAll = None,
    data_dir: DataDir = None,
) -> None:
    """Fold profiles anew from the log; fail where a byte differs. Changes nothing."""
    from services.cli.migrate import Stored
    from services.cli.output import print_record
    from services.cli.stored import stored

    async def compare(database: Database) -> tuple[int, list[str]]:
        found = [each async for each in rebuilt(database, account)]
        return len(found), [each.account for each in found if not each.same]

    with stored(Stored.ACCOUNTS, data_dir) as database:
        count, different = asyncio.run(compare(database))
    for name in different:
        typer.echo(f"accounts/{name}: the log adds up to another profile", err=True)
    print_record({"accounts": count, "different": len(different)})
    if different or (account and not count):
        raise typer.Exit(1)


async def rebuilt(database: Database, account: str | None) -> AsyncIterator[Rebuilt]:
    """Yield what came of each account, or of *account* if it is known."""
    from services.accounts.convert.activities import remembered
    from services.accounts.profiles import Profiles
    from services.accounts.storage import profiles as kept
    from services.runtime.clock import SystemClock

    profiles = Profiles(database, SystemClock(), remembered)
    if account:
        name = account.removeprefix("accounts/")
        if await database.read(lambda tx: kept.profiles(tx, [name])):
            yield await profiles.rebuild(name)
        else:
            typer.echo(f"accounts/{name} is not known", err=True)
        return
    after = ""
    while page := await database.read(partial(kept.page, after=after, limit=PAGE)):
        for each in page:
            yield await profiles.rebuild(each.account)
        after = page[-1].account
