"""What a person looked at or did, kept beside what it changed."""

from sqlalchemy import Connection, insert

from services.policy.callers import Caller
from services.policy.domain.times import to_us
from services.policy.storage.rows import AuditRow, table
from services.runtime.ids import random_id

AUDIT = table(AuditRow)


def note(
    connection: Connection, caller: Caller, action: str, subject: str, detail: str = ""
) -> None:
    """Note that *caller* did *action* to *subject*."""
    row = {
        "id": random_id(),
        "audit_us": to_us(caller.now),
        "identity": caller.identity,
        "action": action,
        "subject": subject,
        "detail": detail,
    }
    connection.execute(insert(AUDIT).values(row))
