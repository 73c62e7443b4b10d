"""The first answer to each request id, and a line for each audited act."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from services.accounts.storage.rows import AuditRow, RequestRow, table
from services.runtime.database import insert_ignore
from services.runtime.errors import RequestIdReused

REQUESTS = table(RequestRow)
AUDIT = table(AuditRow)


@dataclass(frozen=True, slots=True)
class Request:
    """A call that may come again: its method, its id, and a hash of the rest."""

    method: str
    request_id: str
    request_hash: str


def first_answer(connection: Connection, request: Request) -> str | None:
    """Return what was answered first, or None. Raises RequestIdReused."""
    found = select(REQUESTS.c.request_hash, REQUESTS.c.response).where(
        REQUESTS.c.method == request.method,
        REQUESTS.c.request_id == request.request_id,
    )
    row = connection.execute(found).one_or_none()
    if row is None:
        return None
    if row.request_hash != request.request_hash:
        raise RequestIdReused(request.request_id)
    return bytes(row.response).decode()


def keep_answer(
    connection: Connection, request: Request, response: str, now_us: int
) -> None:
    """Keep *response* as the answer to *request*, in the same transaction."""
    row = {
        "method": request.method,
        "request_id": request.request_id,
        "request_hash": request.request_hash,
        "response": response.encode(),
        "create_us": now_us,
    }
    insert_ignore(connection, REQUESTS, [row])


@dataclass(frozen=True, slots=True)
class Act:
    """Something that is audited. `subject` and `detail` hold no text of users."""

    id: str
    caller: str
    action: str
    subject: str
    detail: str = ""


def audit(connection: Connection, act: Act, now_us: int) -> None:
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
