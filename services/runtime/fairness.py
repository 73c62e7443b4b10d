"""How much of a server one caller may use, and all of them together.

What is too much is refused at once, with the time to wait, rather than kept.
"""

import time
from dataclasses import dataclass

from services.runtime.calls import NO_QUOTA, Caller, Quota
from services.runtime.errors import QueueFull, RateLimited
from services.runtime.interceptors import Call

KEPT = 10_000
"""Callers remembered; then those without calls in flight are forgotten."""
CROWDED_RETRY_S = 0.5
"""When to come back to a server, or a share of it, that is full."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What callers may use where the access file says nothing else of them."""

    rate: float | None = None
    """Calls a second."""
    burst: int = 100
    """Calls at once before the rate counts."""
    concurrency: int | None = None
    """Calls and streams in flight."""
    total: int | None = None
    """Calls and streams in flight of all callers together."""


class Use:
    """What one caller uses now."""

    __slots__ = (
        "concurrency", "full", "in_flight", "name", "quota", "rate", "stamp", "tokens",
    )  # fmt: skip

    def __init__(self, caller: Caller, limits: Limits, now: float) -> None:
        self.name = caller.name
        self.in_flight = 0
        self.allow(caller.quota, limits)
        self.tokens = self.full
        self.stamp = now

    def allow(self, quota: Quota, limits: Limits) -> None:
        """Go by *quota* from now on, and where it says nothing by *limits*."""
        self.quota = quota
        self.rate = quota.rate or limits.rate
        self.full = float(quota.burst or limits.burst)
        self.concurrency = quota.concurrency or limits.concurrency

    def take(self, now: float) -> None:
        """Take a place and a token, or raise RateLimited."""
        if self.concurrency is not None and self.in_flight >= self.concurrency:
            limit = f"concurrency of {self.name} ({self.concurrency})"
            raise RateLimited(limit, CROWDED_RETRY_S)
        if self.rate is not None:
            gained = (now - self.stamp) * self.rate
            self.tokens, self.stamp = min(self.full, self.tokens + gained), now
            if self.tokens < 1:
                limit = f"rate of {self.name} ({self.rate:g} calls/s)"
                raise RateLimited(limit, (1 - self.tokens) / self.rate)
            self.tokens -= 1
        self.in_flight += 1


class Fairness:
    """Holds every caller to its share; comes after `Identity`.

    Calls that need no identity, as probes, are not counted.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        asked = (limits.rate, limits.concurrency, limits.total)
        self._limited = asked != (None, None, None)
        self._uses: dict[str, Use] = {}
        self._in_flight = 0

    def enter(self, call: Call) -> None:
        """Take a place, or raise RateLimited or QueueFull."""
        caller, total = call.caller, self._limits.total
        if caller is None or not (self._limited or caller.quota is not NO_QUOTA):
            return
        if total is not None and self._in_flight >= total:
            raise QueueFull("calls", CROWDED_RETRY_S)
        use = self._use(caller)
        use.take(time.monotonic())
        call.use = use
        self._in_flight += 1

    def leave(self, call: Call) -> None:
        """Give the place back, if one was taken."""
        if call.use is not None:
            call.use.in_flight -= 1
            call.use = None
            self._in_flight -= 1

    def _use(self, caller: Caller) -> Use:
        use = self._uses.get(caller.name)
        if use is None:
            if len(self._uses) >= KEPT:
                self._uses = {n: u for n, u in self._uses.items() if u.in_flight}
            use = Use(caller, self._limits, time.monotonic())
            self._uses[caller.name] = use
        elif use.quota is not caller.quota:
            use.allow(caller.quota, self._limits)
        return use
