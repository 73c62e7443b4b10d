"""Which accounts were erased and when, as the audit knows it: by their hashes."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select, tuple_

from services.accounts.storage import accounts
from services.accounts.storage.erasing import hashed
from services.accounts.storage.rows import AuditRow, table

AUDIT = table(AuditRow)
ACTION = "EraseAccount"
PAGE = 2_000


@dataclass(frozen=True, slots=True)
class Erasure:
    """An account was erased; `account_hash` is the SHA-256 of its id."""

    account_hash: str
    erase_us: int
    id: str = ""
    """Its line of the audit."""


def since(
    connection: Connection, start_us: int, after: Erasure | None
) -> list[Erasure]:
    """Return a page of erasures from *start_us* on, in order, later than *after*."""
    query = select(AUDIT.c.subject, AUDIT.c.audit_us, AUDIT.c.id).where(
        AUDIT.c.action == ACTION, AUDIT.c.audit_us >= start_us
    )
    if after is not None:
        place = tuple_(AUDIT.c.audit_us, AUDIT.c.id)
        query = query.where(place > (after.erase_us, after.id))
    ordered = query.order_by(AUDIT.c.audit_us, AUDIT.c.id).limit(PAGE)
    return [Erasure(*row) for row in connection.execute(ordered)]


def undone(
    connection: Connection, erased: Mapping[str, int], after: str
) -> tuple[list[str], str]:
    """Return those of a page of accounts after *after* that are back, and its end.

    *erased* says when the account of each hash was erased; one that was first
    seen later is another with the same name. The end is empty on the last page.
    """
    page = accounts.page(connection, after, PAGE)
    back = [
        told.account
        for told in page
        if (erase_us := erased.get(hashed(told.account))) is not None
        and told.first_seen_us <= erase_us
    ]
    return back, page[-1].account if len(page) == PAGE else ""
