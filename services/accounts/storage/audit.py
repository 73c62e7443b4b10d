"""A line for each audited act."""

from dataclasses import dataclass

from sqlalchemy import Connection, update

from services.accounts.storage.rows import AuditRow, table
from services.runtime.database import insert_ignore

AUDIT = table(AuditRow)


@dataclass(frozen=True, slots=True)
class Act:
    """Something that is audited. `subject` and `detail` hold no text of users."""

    id: str
    caller: str
    action: str
    subject: str
    detail: str = ""


def note(connection: Connection, act: Act, now_us: int) -> None:
    """Write *act* down, once."""
    row = {
        "id": act.id,
        "audit_us": now_us,
        "caller": act.caller,
        "action": act.action,
        "subject": act.subject,
        "detail": act.detail.encode(),
    }
    insert_ignore(connection, AUDIT, [row])


def rename(connection: Connection, subject: str, other: str) -> None:
    """Let lines about *subject* name *other* from now on."""
    about = update(AUDIT).where(AUDIT.c.subject == subject)
    connection.execute(about.values(subject=other))
