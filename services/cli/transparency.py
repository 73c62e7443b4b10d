"""`truepen transparency`: what was decided, by whom, and how often wrongly."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  # typer reads it at run time
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.options import DataDir  # noqa: TC001  # typer reads it at run time
from services.cli.periods import FORMATS, aware

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from services.policy.domain.transparency import Transparency


def transparency(
    start: Annotated[
        datetime, typer.Option("--from", formats=FORMATS, help="From then on; UTC.")
    ],
    end: Annotated[
        datetime, typer.Option("--to", formats=FORMATS, help="Before then; UTC.")
    ],
    data_dir: DataDir = None,
) -> None:
    """Count decisions, appeals and audits of a period, out of the stored log.

    Reads beside a running suite. Nobody is named in it.
    """
    from services.cli.migrate import Stored
    from services.cli.output import print_record
    from services.cli.stored import stored
    from services.policy.domain.transparency import Period, Transparency

    period = Period(aware(start), aware(end))
    if period.start >= period.end:
        raise typer.BadParameter("must be after --from", param_hint="--to")
    report = Transparency(period)
    with stored(Stored.POLICY, data_dir) as database:
        database.read_sync(lambda connection: count(connection, report))
    print_record(report.record())


def count(connection: Connection, report: Transparency) -> None:
    """Count every account's log, and the audits."""
    from services.policy.domain.tiers import CaseKind
    from services.policy.storage import cases, ledgers

    touched = ledgers.accounts_between(
        connection, report.period.start, report.period.end
    )
    for account in touched:
        report.add([entry.event for entry in ledgers.entries(connection, account)])
    for case in cases.of_kind(connection, CaseKind.AUDIT):
        report.audit(case)
