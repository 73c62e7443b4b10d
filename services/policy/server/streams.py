"""What the streams of a process share."""

from dataclasses import dataclass

from services.runtime.following import Following
from services.runtime.paging import Tokens


@dataclass(frozen=True, slots=True)
class Streams:
    """How streams seal cursors, and how they follow what changes."""

    tokens: Tokens
    following: Following
