"""The first answer to each request id, kept for good."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from services.policy.storage.rows import RequestRow, table
from services.policy.storage.times import to_us
from services.runtime.database import insert_ignore
from services.runtime.errors import RequestIdReused

REQUESTS = table(RequestRow)


@dataclass(frozen=True, slots=True)
class Request:
    """A call that may come again: its method, its id, and a hash of the rest."""

    method: str
    request_id: str
    request_hash: str


def first_answer(connection: Connection, request: Request) -> bytes | None:
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
    response: bytes = row.response
    return response


def keep_answer(
    connection: Connection, request: Request, response: bytes, now: datetime
) -> None:
    """Keep *response* as the answer to *request*, in the same transaction."""
    row = {
        "method": request.method,
        "request_id": request.request_id,
        "request_hash": request.request_hash,
        "response": response,
        "create_us": to_us(now),
    }
    insert_ignore(connection, REQUESTS, [row])
