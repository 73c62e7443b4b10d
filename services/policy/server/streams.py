"""What the streams of a process share, and how each tells where it is."""

from dataclasses import dataclass

from services.runtime.errors import CursorEpochChanged, CursorInvalid, PageTokenInvalid
from services.runtime.following import Following
from services.runtime.paging import Cursor, Tokens


@dataclass(frozen=True, slots=True)
class Streams:
    """How streams seal cursors, and how they follow what changes."""

    tokens: Tokens
    following: Following


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
