"""`truepen prune`: activities that are older than they need to be kept."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.options import DataDir  # noqa: TC001  # typer reads it at run time

if TYPE_CHECKING:
    from services.runtime.database import Database

SHORTEST = 90
"""Days that reliance looks back over: posts within them are shown by id."""


def prune(
    days: Annotated[
        int, typer.Option(min=SHORTEST, help="Keep activities of so many days.")
    ] = 365,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count only; change nothing.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Delete old activities and their scores; profiles stay as they are.

    Works beside a running suite, in small steps, and may be stopped and begun
    anew at any time. Texts that still wait are kept whatever their age. An
    activity that is sent again after it was deleted counts as a new one.
    """
    from services.cli.migrate import Stored
    from services.cli.output import print_record
    from services.cli.stored import stored

    with stored(Stored.ACCOUNTS, data_dir) as database:
        record = asyncio.run(pruned(database, days, dry_run=dry_run))
    print_record(record)


async def pruned(database: Database, days: int, *, dry_run: bool) -> dict[str, object]:
    """Prune *database*; return what came of it."""
    from datetime import timedelta

    from services.accounts.convert.activities import remembered
    from services.accounts.domain.times import to_us
    from services.accounts.pruning import Pruning
    from services.cli.progress import progress
    from services.runtime.clock import SystemClock

    before = SystemClock().now() - timedelta(days=days)
    pruning = Pruning(database, remembered)
    due = await pruning.due(to_us(before))
    count, rows = sum(due.values()), 0
    if not dry_run:
        count = 0
        with progress("pruning", sum(due.values())) as advance:
            for account in due:
                async for step in pruning.prune(account, to_us(before)):
                    count += step
                    advance(step)
        rows = await pruning.forget_versions(to_us(before))
    return {
        "before": before.isoformat(timespec="seconds"),
        "accounts": len(due),
        "activities": count,
        "other_rows": rows,
        "dry_run": dry_run,
    }
