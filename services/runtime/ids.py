"""Ids: checked where they come in, made where something new is named."""

import hashlib
import os
import uuid
from collections.abc import Callable

from services.runtime.errors import InvalidField

MAX_ID_CHARS = 128

NewId = Callable[[], str]


def random_id() -> str:
    """Return a new UUID, ordered by nothing."""
    return str(uuid.uuid4())


def random_hex() -> str:
    """Return 128 random bits in hex, at a tenth of the price of a UUID."""
    return os.urandom(16).hex()


def content_id(*parts: str | bytes) -> str:
    """Name something by what it holds: 128 bits of SHA-256, in hex.

    Parts are framed by length, so ("ab", "c") and ("a", "bc") differ.
    """
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()[:32]


def check_id(field: str, value: str) -> str:
    """Return *value*, an id that the platform chose, or raise InvalidField."""
    if not 1 <= len(value) <= MAX_ID_CHARS:
        raise InvalidField(field, f"must have 1 to {MAX_ID_CHARS} characters")
    if "/" in value or not value.isprintable():
        raise InvalidField(field, "must be printable characters without '/'")
    return value


def check_uuid(field: str, value: str) -> str:
    """Return *value* as a canonical UUID, or raise InvalidField."""
    try:
        return str(uuid.UUID(value))
    except ValueError:
        raise InvalidField(field, "must be a UUID") from None


def check_name(
    field: str, value: str, *collections: str, only: str = ""
) -> tuple[str, ...]:
    """Return the ids in a resource name such as `shelves/s/books/b`.

    `check_name("name", value, "shelves", "books")` gives `("s", "b")`. *only* ends
    the name of what its parent has one of, without an id: `shelves/s/label`.
    """
    parts = value.split("/")
    end = (only,) if only else ()
    count = 2 * len(collections) + len(end)
    if len(parts) != count or tuple(parts[::2]) != (*collections, *end):
        named = [f"{name}/{{{_singular(name)}}}" for name in collections]
        raise InvalidField(field, f"must be {'/'.join((*named, *end))}")
    return tuple(check_id(field, part) for part in parts[1::2])


def _singular(name: str) -> str:
    if name.endswith("ies"):
        return name.removesuffix("ies") + "y"
    return name.removesuffix("s")
