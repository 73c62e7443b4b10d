"""`truepen compare`: what the suite does every hour, now."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.options import DataDir  # noqa: TC001  # typer reads it at run time

if TYPE_CHECKING:
    from services.accounts.comparison import Compared
    from services.runtime.database import Database


def compare(
    days: Annotated[
        int, typer.Option(min=1, max=90, help="Over what they did in how many days.")
    ] = 14,
    data_dir: DataDir = None,
) -> None:
    """Compare accounts: who acts together, and what is usual on the platform."""
    from services.cli.migrate import Stored
    from services.cli.output import print_record
    from services.cli.stored import stored

    with stored(Stored.ACCOUNTS, data_dir) as database:
        found = asyncio.run(compared(database, days))
    if found is None:
        typer.echo("another process compares them already", err=True)
        raise typer.Exit(1)
    print_record(
        {
            "accounts": found.summary.account_count,
            "acts": found.summary.act_count,
            "edges": found.summary.edge_count,
            "null_edges": found.summary.null_edge_count,
            "clusters": found.summary.cluster_count,
            "changed": found.changed_count,
        }
    )


async def compared(database: Database, days: int) -> Compared | None:
    """Compare now, beside a running suite or without one."""
    from datetime import timedelta

    from services.accounts.comparing import Comparing, Pace
    from services.accounts.convert.glimpses import glimpsed
    from services.runtime.bell import Bell
    from services.runtime.clock import SystemClock

    pace = Pace(span=timedelta(days=days))
    return await Comparing(
        database, SystemClock(), glimpsed, Bell(), pace
    ).compare_now()
