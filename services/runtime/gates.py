"""How many calls of a method are let in: as many as it serves without haste.

Calls that hinder one another take longer than one alone. Where they take more
than a few times as long, fewer are let in, and the rest is refused at once with
the time to come back.

The limit follows the gradient of latency, as Envoy's adaptive concurrency
filter does: the mean over a window against the time without load, and room of
the limit's square root to look for more. What delays by less than 20 ms is
no overload, as in WeChat's DAGOR (Zhou et al., SoCC 2018).
"""

import math
import random
from dataclasses import dataclass
from statistics import fmean

from services.runtime.calls import time_left
from services.runtime.errors import QueueFull

START = 64.0
"""Calls of one method let in until it is known how long they take."""
BURST_S = 0.5
"""Work that may come at once, when nothing hurries: so many calls of the usual time."""
FEWEST_START = 8.0
MOST = 1_000.0
WINDOW_S = 0.1
WINDOW_CALLS = 10
"""A window is both: that long, and of so many calls."""
UNHURRIED_S = 0.02
"""Longer by less than this is as good as not longer."""
LEARNED = 20
"""Calls of a kind, alone, after which only those that are alone teach more."""
NEWEST = 0.1
"""What one call alone weighs in the time that its kind takes."""
AT_EASE = 0.75
"""Share of the allowed time below which the limit grows faster."""
GRAVEST = 4.0
"""What one call can say of the window: one that was stuck must not close the gate."""
OUTDATED = 1.1
"""Where even the fewest calls take longer than this, the usual time grows by it."""
CALM_S = 30.0
"""Without haste for so long, a limit found before says nothing any more."""
RECENT_S = 1.0
"""Callers seen within it have a share."""
TOO_LATE = ("DEADLINE_EXCEEDED", "CANCELLED")
"""Ends of calls that would have taken longer still."""
SHORTEST_RETRY_S = 0.1
LONGEST_RETRY_S = 10.0


@dataclass(frozen=True, slots=True)
class Pace:
    """What is no haste yet."""

    slowdown: float
    """How many times longer than alone calls may take."""
    always: int
    """Calls of one method that are let in however long they take."""


class Usual:
    """How long calls of one kind take while they are alone, in seconds."""

    __slots__ = ("alone", "count", "seconds")

    def __init__(self) -> None:
        self.seconds = 0.0
        self.count = 0
        self.alone = 0

    def learn(self, seconds: float) -> None:
        """Learn from one more; the first few weigh alike."""
        self.count += 1
        self.seconds += (seconds - self.seconds) * max(1 / self.count, NEWEST)

    def allowed(self, slowdown: float) -> float:
        """Return the longest time that is no haste."""
        return max(slowdown * self.seconds, self.seconds + UNHURRIED_S)


@dataclass(slots=True)
class Share:
    """What one caller has of a method."""

    in_flight: int = 0
    seen: float = 0.0


@dataclass(frozen=True, slots=True)
class Ticket:
    """One call that was let in."""

    gate: "Gate"
    share: Share
    usual: Usual
    abreast: int
    """Calls of the method in flight when it came in, itself included."""
    number: int
    """It was the gate's so-manieth."""
    window: int


class Gate:
    """One method: who is in, how long it takes, how many may be in.

    Sizes of messages are told apart by powers of two: a batch of a thousand is
    not slow because it takes longer than one of ten.
    """

    def __init__(self, method: str, pace: Pace) -> None:
        self.limit = START
        self.in_flight = 0
        self._name = method[method.rfind("/") + 1 :]
        self._pace = pace
        self._usual: dict[int, Usual] = {}
        self._shares: dict[str, Share] = {}
        self._counted = self._hasty = -math.inf
        self._strain = 0.0
        """How long calls of the last window took, of what is no haste yet."""
        self._most = self._window = self._entered = 0
        self._begin(0.0)

    def enter(self, caller: str, size: int, now: float) -> Ticket:
        """Let a call of so many bytes in, or raise QueueFull."""
        usual = self._usual.get(size.bit_length())
        if usual is None:
            usual = self._usual[size.bit_length()] = Usual()
        share = self._shares.get(caller)
        if share is None:
            share = self._shares[caller] = Share()
        share.seen = now
        if self.in_flight >= self._pace.always:
            self._check(share, usual, now)
        self.in_flight += 1
        share.in_flight += 1
        self._most = max(self._most, self.in_flight)
        self._entered += 1
        return Ticket(self, share, usual, self.in_flight, self._entered, self._window)

    def leave(self, ticket: Ticket, seconds: float, now: float, code: str) -> bool:
        """Take its place back after so many seconds; say whether the limit changed.

        How long a call takes is learned from those that were served.
        """
        usual, abreast = ticket.usual, max(ticket.abreast, self.in_flight)
        self.in_flight -= 1
        ticket.share.in_flight -= 1
        if code == "OK":
            if abreast == 1 and ticket.number == self._entered:
                usual.alone += 1
                usual.learn(seconds)
            elif usual.alone < LEARNED:
                # Never alone so far: as if so many were served at once, no more.
                served = self._pace.always
                if abreast <= served or usual.count < LEARNED:
                    usual.learn(seconds * min(1.0, served / abreast))
        elif code not in TOO_LATE:
            return False
        if usual.count < LEARNED:
            return False
        if self._hasty == -math.inf:
            self._hasty = now - CALM_S
            self.limit = _burst(usual)
        if ticket.window < self._window:  # the limit has answered to that already
            return False
        strain = seconds / usual.allowed(self._pace.slowdown)
        self._strains.append(min(strain, GRAVEST))
        full = len(self._strains) >= WINDOW_CALLS and now - self._opened >= WINDOW_S
        return full and self._adapt(now)

    def _check(self, share: Share, usual: Usual, now: float) -> None:
        """Raise QueueFull where this call must not come in now."""
        if now - self._hasty > CALM_S:
            self.limit = max(self.limit, _burst(usual))
        expected = self._strain * usual.allowed(self._pace.slowdown)
        left = time_left()
        late = left is not None and left < expected
        if late or (self.in_flight >= self.limit and not self._within(share, now)):
            self._refused += 1
            raise QueueFull(self._name, self._wait(expected))

    def _within(self, share: Share, now: float) -> bool:
        """Say whether a caller has less than others, who then have to wait for it."""
        if now - self._counted > WINDOW_S:
            self._count(now)
        even = math.ceil(self.limit / len(self._shares))
        alone = len(self._shares) == 1
        return not alone and share.in_flight < even and self.in_flight < 2 * self.limit

    def _wait(self, expected: float) -> float:
        """Return when to come back: the longer, the more are sent away."""
        ahead = 1 + self._refused / max(len(self._strains), WINDOW_CALLS)
        seconds = min(max(expected * ahead, SHORTEST_RETRY_S), LONGEST_RETRY_S)
        # Those that are refused together must not come back together.
        return seconds * random.uniform(0.75, 1.25)  # noqa: S311

    def _count(self, now: float) -> None:
        """Forget callers that were not seen for long."""
        self._counted = now
        self._shares = {
            name: share
            for name, share in self._shares.items()
            if share.in_flight or now - share.seen < RECENT_S
        }

    def _adapt(self, now: float) -> bool:
        """Close the window; return whether the limit changed."""
        before, always = self.limit, self._pace.always
        self._strain = fmean(self._strains)
        if self._strain > 1:
            self._hasty = now
            if before <= always and self._strain > OUTDATED:
                # So few cannot hinder one another: it takes longer than it did.
                for usual in self._usual.values():
                    usual.seconds *= OUTDATED
            self.limit = max(min(before, self._most) / self._strain, always)
        elif self._most >= before - 1:
            more = before / 2 if self._strain < AT_EASE else math.sqrt(before)
            self.limit = min(before + more, MOST)
        self._begin(now)
        return self.limit != before

    def _begin(self, now: float) -> None:
        self._window += 1
        self._opened = now
        self._strains: list[float] = []
        self._refused = 0
        self._most = self.in_flight


def _burst(usual: Usual) -> float:
    """Return how many calls of a kind may come at once when nothing hurries."""
    if usual.count < LEARNED:
        return START
    return min(max(BURST_S / usual.seconds, FEWEST_START), MOST)
