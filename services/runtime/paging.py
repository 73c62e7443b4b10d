"""Opaque tokens of AIP-158: where the next page starts, and for which query."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence

from google.protobuf.message import Message

from services.runtime.errors import PageTokenInvalid
from services.runtime.fields import check_not_negative

MAC_BYTES = 16
HASH_BYTES = 8

Cursor = tuple[str | int | float | None, ...]


class Tokens:
    """Seals cursors with a key, so that clients cannot make or change them.

    Every replica of a deployment needs the same *keys*; the first one seals,
    any of them opens, which lets a key be replaced without breaking callers.
    *opened* is told which one did.
    """

    def __init__(
        self, *keys: bytes, opened: Callable[[bytes], None] | None = None
    ) -> None:
        if not keys or not all(keys):
            raise ValueError("at least one key that is not empty is needed")
        self._keys = keys
        self._opened = opened

    def seal(self, query: bytes, cursor: Sequence[str | float | None]) -> str:
        """Return a token that only `open` with the same *query* accepts."""
        body = _hash(query) + json.dumps(list(cursor), separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(_mac(self._keys[0], body) + body).decode()

    def open(self, query: bytes, token: str) -> Cursor:
        """Return the cursor in *token*; raise PageTokenInvalid."""
        try:
            sealed = base64.b64decode(token.encode("ascii"), b"-_", validate=True)
        except ValueError:
            raise PageTokenInvalid from None
        mac, body = sealed[:MAC_BYTES], sealed[MAC_BYTES:]
        sealing = (k for k in self._keys if hmac.compare_digest(mac, _mac(k, body)))
        key = next(sealing, None)
        if key is None:
            raise PageTokenInvalid
        if self._opened is not None:
            self._opened(key)
        if body[:HASH_BYTES] != _hash(query):
            raise PageTokenInvalid
        return tuple(json.loads(body[HASH_BYTES:]))


def query_of(request: Message) -> bytes:
    """Return what makes a List request a query: all but its page fields."""
    query = type(request)()
    query.CopyFrom(request)
    for field in {"page_size", "page_token"} & set(query.DESCRIPTOR.fields_by_name):
        query.ClearField(field)
    name = request.DESCRIPTOR.full_name.encode()
    return name + b"\0" + query.SerializeToString(deterministic=True)


def page_size(requested: int, default: int, maximum: int) -> int:
    """Return how many to send: zero means *default*, too many is clamped."""
    check_not_negative("page_size", requested)
    return min(requested or default, maximum)


def _mac(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, body, "sha256")[:MAC_BYTES]


def _hash(query: bytes) -> bytes:
    return hashlib.sha256(query).digest()[:HASH_BYTES]
