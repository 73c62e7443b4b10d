"""Device and network keys of sanctioned accounts, to know a banned one's next."""

from collections import Counter
from collections.abc import Collection, Iterable

from sqlalchemy import Connection, select

from services.policy.storage.rows import IdentityKeyRow, table
from services.runtime.database import insert_ignore

KEYS = table(IdentityKeyRow)
MOST = 1_000
"""Accounts that are looked at for one key; a network may serve a whole city."""


def put(connection: Connection, account: str, keys: Iterable[str]) -> None:
    """Keep *keys* as those of *account*."""
    rows = [{"account": account, "key": key} for key in keys]
    if rows:
        insert_ignore(connection, KEYS, rows)


def sharing(
    connection: Connection, account: str, keys: Collection[str]
) -> Counter[str]:
    """Return which other accounts have some of *keys*, and how many of them."""
    found = (
        select(KEYS.c.account)
        .where(KEYS.c.key.in_(keys), KEYS.c.account != account)
        .limit(MOST)
    )
    return Counter(connection.execute(found).scalars())
