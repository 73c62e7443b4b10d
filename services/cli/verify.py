"""`truepen verify-log`: whether anybody altered the decisions on record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from services.cli.options import DataDir, OneOrAll  # noqa: TC001  # typer reads it at run time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from services.policy.domain.chain import Entry


def verify_log(
    account: OneOrAll = None,
    data_dir: DataDir = None,
) -> None:
    """Walk the hash chain of the decision log; fail at the first broken entry."""
    from services.cli.migrate import Stored
    from services.cli.output import print_record
    from services.cli.stored import stored
    from services.policy.domain.chain import BrokenChain

    def walk(connection: Connection) -> tuple[int, int]:
        logs = [account] if account else accounts(connection)
        return len(logs), sum(verified(connection, log) for log in logs)

    if account:
        account = account.removeprefix("accounts/")
    with stored(Stored.POLICY, data_dir) as database:
        try:
            count, entries = database.read_sync(walk)
        except BrokenChain as error:
            typer.echo(error, err=True)
            raise typer.Exit(1) from error
    if account and not entries:
        typer.echo(f"the log has no entry of accounts/{account}", err=True)
        raise typer.Exit(2)
    print_record({"accounts": count, "entries": entries, "intact": True})


def accounts(connection: Connection) -> list[str]:
    """Return the accounts that have a log, or should have one."""
    from sqlalchemy import select, union

    from services.policy.storage.ledgers import LOG, STANDINGS

    known = union(select(LOG.c.account), select(STANDINGS.c.account))
    return sorted(connection.execute(known).scalars())


def verified(connection: Connection, account: str) -> int:
    """Return the length of the log of *account*; raise BrokenChain.

    A chain cannot tell that its end was cut off: the standing knows where it ends.
    """
    from sqlalchemy import select

    from services.policy.domain.chain import GENESIS, BrokenChain, verify
    from services.policy.storage.ledgers import STANDINGS, entries

    last, head = 0, GENESIS

    def walked() -> Iterator[Entry]:
        nonlocal last, head
        for entry in entries(connection, account):
            last, head = entry.sequence, entry.hash
            yield entry

    try:
        count = verify(walked())
    except BrokenChain:
        raise
    except (ValueError, TypeError, LookupError) as error:
        raise BrokenChain(f"{account} entry {last + 1} cannot be read") from error
    expected = select(STANDINGS.c.head_hash).where(STANDINGS.c.account == account)
    if head != (connection.execute(expected).scalar() or head):
        raise BrokenChain(f"{account} entry {count + 1} is missing or was altered")
    return count
