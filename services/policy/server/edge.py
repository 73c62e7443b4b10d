"""What requests name, checked where it comes in."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from services.runtime.errors import (
    CursorEpochChanged,
    CursorInvalid,
    InvalidField,
    PageTokenInvalid,
)
from services.runtime.ids import check_name
from services.runtime.paging import Cursor, Tokens

MAX_BATCH = 1_000
K = TypeVar("K")
STANDING = "/standing"


def account_of(field: str, name: str) -> str:
    """Return the id in `accounts/{account}`; raise InvalidField."""
    return check_name(field, name, "accounts")[0]


def standing_account(field: str, name: str) -> str:
    """Return the account's id in `accounts/{account}/standing`."""
    if not name.endswith(STANDING):
        raise InvalidField(field, "must be accounts/{account}/standing")
    return account_of(field, name.removesuffix(STANDING))


def check_not_negative(field: str, value: int) -> int:
    """Return *value*; raise InvalidField where it is negative."""
    if value < 0:
        raise InvalidField(field, "must not be negative")
    return value


def check_batch(field: str, items: Sequence[object], most: int = MAX_BATCH) -> None:
    """Raise InvalidField unless there are 1 to *most* items."""
    if not 1 <= len(items) <= most:
        raise InvalidField(field, f"must have 1 to {most} items")


def check_text(field: str, text: str, most: int) -> str:
    """Return *text*; raise InvalidField unless it has 1 to *most* characters."""
    if not 1 <= len(text) <= most or not text.strip():
        raise InvalidField(field, f"must have 1 to {most} characters")
    return text


def known(field: str, value: int, meaning: Mapping[Any, K]) -> K:
    """Return what an enum *value* means; raise InvalidField where it is nothing."""
    if value not in meaning:
        raise InvalidField(field, "is not one of the values that may be asked for")
    return meaning[value]


class StreamCursors:
    """Seals how far a stream is, with the name of the log it belongs to."""

    def __init__(self, tokens: Tokens, stream: str) -> None:
        self._tokens = tokens
        self._query = stream.encode()

    def seal(self, epoch: str, last: int) -> str:
        """Return the cursor to go on after number *last*."""
        return self._tokens.seal(self._query, (epoch, last))

    def open(self, cursor: str, epoch: str, latest: int) -> int:
        """Return the number to go on after; 0 for an empty cursor.

        Raises CursorInvalid, or CursorEpochChanged where the log was restored: it has
        another name, or has not come as far as the cursor.
        """
        if not cursor:
            return 0
        try:
            sealed: Cursor = self._tokens.open(self._query, cursor)
        except PageTokenInvalid:
            raise CursorInvalid from None
        of, last = str(sealed[0]), int(str(sealed[1]))
        if of != epoch or last > latest:
            raise CursorEpochChanged
        return last
