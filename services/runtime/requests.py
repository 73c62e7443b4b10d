"""The first answer to each request id: what comes again is answered, not done."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Table, select

from services.runtime.database import insert_ignore
from services.runtime.errors import RequestIdReused
from services.runtime.ids import check_uuid


@dataclass(frozen=True, slots=True)
class Request:
    """A call that may come again: its method, its id, and a hash of the rest."""

    method: str
    request_id: str
    request_hash: str


def request_of(message: Any) -> Request:
    """Return what makes *message*, which has a `request_id`, the same request.

    Raises InvalidField where the id is no UUID.
    """
    request_id = check_uuid("request_id", message.request_id)
    rest = type(message)()
    rest.CopyFrom(message)
    rest.ClearField("request_id")
    body = rest.SerializeToString(deterministic=True)
    method = message.DESCRIPTOR.name.removesuffix("Request")
    return Request(method, request_id, sha256(body).hexdigest())


class FirstAnswers:
    """Keeps answers for good in *table*, which has a column for each field here."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, connection: Connection, request: Request) -> bytes | None:
        """Return what was answered first, or None. Raises RequestIdReused."""
        columns = self._table.c
        found = select(columns.request_hash, columns.response).where(
            columns.method == request.method,
            columns.request_id == request.request_id,
        )
        row = connection.execute(found).one_or_none()
        if row is None:
            return None
        if row.request_hash != request.request_hash:
            raise RequestIdReused(request.request_id)
        return bytes(row.response)

    def keep(
        self, connection: Connection, request: Request, response: bytes, now_us: int
    ) -> None:
        """Keep *response* as the answer to *request*, in the same transaction."""
        row = {
            "method": request.method,
            "request_id": request.request_id,
            "request_hash": request.request_hash,
            "response": response,
            "create_us": now_us,
        }
        insert_ignore(connection, self._table, [row])
