"""What every part of the edge has: the use cases, and checks of requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.runtime.errors import InvalidField
from truepen.accounts.v1 import accounts_service_pb2_grpc as pb_grpc

if TYPE_CHECKING:
    from services.accounts.convert.activities import Reader
    from services.accounts.erasing import Erasing
    from services.accounts.feed import Feed
    from services.accounts.log import ActivityLog
    from services.accounts.profiles import Profiles
    from services.accounts.register import Register
    from services.accounts.track import Track
    from services.accounts.truths import Truths
    from services.runtime.clock import Clock
    from services.runtime.paging import Tokens


MAX_REASON = 1_000


@dataclass(frozen=True, slots=True)
class UseCases:
    """The use cases of accounts, and what reads requests."""

    track: Track
    profiles: Profiles
    feed: Feed
    register: Register
    log: ActivityLog
    truths: Truths
    erasing: Erasing
    reader: Reader
    clock: Clock
    tokens: Tokens


class Edge(pb_grpc.AccountsServiceServicer):
    """Holds the use cases that a part of the service asks."""

    def __init__(self, use_cases: UseCases) -> None:
        self._use_cases = use_cases


def reason_checked(field: str, text: str, maximum: int = MAX_REASON) -> None:
    """Raise InvalidField unless *text* has 1 to *maximum* characters."""
    if not 1 <= len(text) <= maximum:
        raise InvalidField(field, f"must have 1 to {maximum} characters")
