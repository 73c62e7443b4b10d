"""Telling about an account: what is told, and a revision for followers."""

from collections.abc import Mapping

from sqlalchemy import Connection

from services.accounts.storage import accounts, profiles
from services.accounts.storage.accounts import Told


def update(
    connection: Connection, name: str, fields: Mapping[str, object], now_us: int
) -> Told:
    """Set *fields* of an account, made where it is new; return it."""
    accounts.introduce(connection, [name], now_us)
    before = accounts.told(connection, [name])[name]
    if all(getattr(before, field) == value for field, value in fields.items()):
        if profiles.profile(connection, name).revision:
            return before
    else:
        accounts.change(connection, name, fields, now_us)
    profiles.touch(connection, [name], now_us)
    return accounts.told(connection, [name])[name]
