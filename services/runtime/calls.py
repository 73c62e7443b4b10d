"""What is known about the call being handled, wherever its work goes."""

import asyncio
import time
from contextvars import ContextVar
from dataclasses import dataclass

REQUEST_ID_HEADER = "truepen-request-id"
TIME_HEADER = "truepen-time"
IDENTITY_HEADER = "truepen-identity"
"""Who speaks, as plaintext callers on loopback may say themselves."""


@dataclass(frozen=True, slots=True)
class Quota:
    """What one caller may use; None: what all may."""

    rate: float | None = None
    burst: int | None = None
    concurrency: int | None = None


NO_QUOTA = Quota()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and what it may do."""

    name: str
    roles: frozenset[str]
    quota: Quota = NO_QUOTA
    local: bool = False
    """On loopback in plaintext: it may say itself who it is."""


NOBODY = Caller("nobody", frozenset())

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
CALLER: ContextVar[Caller] = ContextVar("caller", default=NOBODY)
DEADLINE: ContextVar[float | None] = ContextVar("deadline", default=None)
"""On the clock of `time.monotonic`; None where the caller waits for ever."""

Shutdown = asyncio.Event
"""Set when the process begins to stop: streams then end, to be resumed."""


def time_left(limit: float | None = None) -> float | None:
    """Return the seconds left for work done for this call, at most *limit*."""
    deadline = DEADLINE.get()
    if deadline is None:
        return limit
    left = max(deadline - time.monotonic(), 0.0)
    return left if limit is None else min(left, limit)
