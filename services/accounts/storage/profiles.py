"""Profile states and what changes them: one transaction, one change each."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, select

from services.accounts.storage.feed import partition_of, take_numbers
from services.accounts.storage.rows import AccountModelRow, ProfileRow, table
from services.runtime.bulk import BulkInsert, BulkRead
from services.runtime.database import insert_ignore

PROFILES = table(ProfileRow)
MODELS = table(AccountModelRow)
KEEP = BulkInsert(PROFILES, replace=True, keep=["partition"])
CHUNK = 500


class Held(NamedTuple):
    """A profile as it is kept. `revision` 0 = nothing was ever recorded."""

    account: str
    revision: int = 0
    state: bytes = b""
    erased: bool = False
    urgent_sequence: int = 0
    change_sequence: int = 0
    change_us: int = 0


READ = BulkRead(PROFILES, Held._fields)


@dataclass(frozen=True, slots=True)
class Changed:
    """A profile to be kept, one revision on."""

    held: Held
    state: bytes
    urgent: bool = False
    erased: bool = False


def profiles(
    connection: Connection, accounts: Collection[str], *, lock: bool = False
) -> dict[str, Held]:
    """Return the profiles of those of *accounts* that have one."""
    rows = READ.run(connection, sorted(accounts), lock=lock)
    return {row[0]: Held(*row) for row in rows}


def profile(connection: Connection, account: str) -> Held:
    """Return the profile of *account*, empty where it has none."""
    return profiles(connection, [account]).get(account) or Held(account)


def page(connection: Connection, after: str, limit: int) -> list[Held]:
    """Return up to *limit* profiles by name, later than *after*."""
    query = (
        select(*(PROFILES.c[name] for name in Held._fields))
        .where(PROFILES.c.account > after, PROFILES.c.erased.is_(False))
        .order_by(PROFILES.c.account)
        .limit(limit)
    )
    return [Held(*row) for row in connection.execute(query)]


def keep(connection: Connection, changed: Sequence[Changed], now_us: int) -> None:
    """Keep *changed*, each at its next revision, and number the changes."""
    if not changed:
        return
    ordered = sorted(changed, key=lambda change: change.held.account)
    places = [partition_of(change.held.account) for change in ordered]
    numbers = take_numbers(connection, places)
    rows = [
        (
            change.held.account,
            partition,
            change.held.revision + 1,
            number,
            number if change.urgent else change.held.urgent_sequence,
            now_us,
            change.erased,
            change.state,
        )
        for change, partition, number in zip(ordered, places, numbers, strict=True)
    ]
    KEEP.run(connection, rows)


def touch(
    connection: Connection, accounts: Iterable[str], now_us: int
) -> dict[str, int]:
    """Make changes that leave the states as they are; return the revisions."""
    names = set(accounts)
    held = profiles(connection, names, lock=True)
    changed = [
        Changed(found, found.state)
        for found in (held.get(name) or Held(name) for name in names)
    ]
    keep(connection, changed, now_us)
    return {change.held.account: change.held.revision + 1 for change in changed}


def count_models(connection: Connection, pairs: Collection[tuple[str, str]]) -> None:
    """Remember that scores of a model count in the profile of an account."""
    rows = [{"account": a, "model_digest": d} for a, d in sorted(pairs)]
    insert_ignore(connection, MODELS, rows)


def models_of(
    connection: Connection, accounts: Collection[str]
) -> dict[str, list[str]]:
    """Return the digests, in order, of models whose scores *accounts* have."""
    found: dict[str, list[str]] = {}
    names = sorted(accounts)
    for start in range(0, len(names), CHUNK):
        chosen = MODELS.c.account.in_(names[start : start + CHUNK])
        query = select(MODELS.c.account, MODELS.c.model_digest).where(chosen)
        for account, digest in connection.execute(query):
            found.setdefault(account, []).append(digest)
    return {account: sorted(digests) for account, digests in found.items()}


def accounts_of(
    connection: Connection, model_digest: str, after: str, limit: int
) -> list[str]:
    """Return up to *limit* accounts with scores of a model, later than *after*."""
    query = (
        select(MODELS.c.account)
        .where(MODELS.c.model_digest == model_digest, MODELS.c.account > after)
        .order_by(MODELS.c.account)
        .limit(limit)
    )
    return list(connection.scalars(query))


def revived(held: Held) -> Held:
    """Return what an erased account begins anew with: its numbers, nothing else."""
    return held._replace(state=b"") if held.erased else held
