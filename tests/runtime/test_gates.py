"""A gate lets in what a server does without haste: whatever that server is.

The server is one of so many cores that calls share, on a clock that is computed:
what holds here holds on any machine.
"""

import random
from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import pytest

from services.runtime.calls import DEADLINE
from services.runtime.errors import QueueFull
from services.runtime.gates import LONGEST_RETRY_S, Gate, Pace, Ticket

Work = Callable[[random.Random], float]
MEAN = 0.03
PACE = Pace(slowdown=2, always=2)
SIZE = 100


def about(seconds: float) -> Work:
    return lambda chance: seconds * chance.uniform(0.5, 1.5)


class Machine:
    """Calls that share *cores*, none of which does more than one core can."""

    def __init__(self, cores: int, pace: Pace = PACE) -> None:
        self.gate = Gate("/tests.v1.EchoService/Say", pace)
        self.cores = cores
        self.now = 0.0
        self.chance = random.Random(1)
        self.served: list[float] = []
        self.callers: Counter[str] = Counter()
        self.refused: list[QueueFull] = []
        self._in: dict[int, tuple[float, float, Ticket, str]] = {}
        self._number = 0

    def offer(self, work: float, caller: str = "a", size: int = SIZE) -> bool:
        """Ask for so much work; whether it was let in."""
        try:
            ticket = self.gate.enter(caller, size, self.now)
        except QueueFull as error:
            self.refused.append(error)
            return False
        self._number += 1
        self._in[self._number] = work, self.now, ticket, caller
        return True

    def run(self, until: float) -> None:
        """Work until then."""
        while self._in:
            number, (left, *_) = min(self._in.items(), key=lambda item: item[1][0])
            speed = min(1.0, self.cores / len(self._in))
            ends = self.now + left / speed
            if ends > until:
                self._work((until - self.now) * speed)
                break
            self._work(left)
            self.now = ends
            _, began, ticket, caller = self._in.pop(number)
            self.gate.leave(ticket, ends - began, ends, "OK")
            self.served.append(ends - began)
            self.callers[caller] += 1
        self.now = until

    def _work(self, done: float) -> None:
        for number, (left, began, ticket, caller) in self._in.items():
            self._in[number] = left - done, began, ticket, caller

    def open(self, rate: float, calls: int, work: Work, *callers: str) -> float:
        """Offer so many calls at random instants; the seconds that it took."""
        began = self.now
        for _ in range(calls):
            self.run(self.now + self.chance.expovariate(rate))
            self.offer(work(self.chance), self.chance.choice(callers or ("a",)))
        return self.now - began


def p99(seconds: list[float]) -> float:
    return sorted(seconds)[int(0.99 * len(seconds))]


@pytest.mark.parametrize("cores", [1, 2, 4])
def test_five_times_too_much_leaves_the_pace_of_what_is_served(cores: int) -> None:
    machine, peak = Machine(cores), cores / MEAN
    machine.open(0.3 * peak, 300, about(MEAN))
    unloaded = p99(machine.served)
    machine.open(5 * peak, 1_000, about(MEAN))  # the limit is found meanwhile
    machine.served.clear()
    seconds = machine.open(5 * peak, 5_000, about(MEAN))

    assert len(machine.served) / seconds >= 0.9 * peak
    assert p99(machine.served) <= 3.5 * unloaded
    assert machine.refused


def test_what_a_server_can_do_is_all_let_in() -> None:
    machine = Machine(2)
    machine.open(0.6 * 2 / MEAN, 2_000, about(MEAN))

    assert len(machine.refused) < 0.03 * 2_000


def test_calls_that_do_not_hinder_one_another_are_not_limited() -> None:
    """As those that wait for something with room for all."""
    machine = Machine(500)
    machine.open(0.2 / MEAN, 50, about(MEAN))
    machine.open(100 / MEAN, 5_000, about(MEAN))  # a second and a half
    machine.refused.clear()
    machine.open(100 / MEAN, 3_000, about(MEAN))

    assert not machine.refused
    assert machine.gate.limit > 100


def test_a_server_that_begins_under_load_finds_its_pace_all_the_same() -> None:
    machine, peak = Machine(2), 2 / MEAN
    machine.open(5 * peak, 2_000, about(MEAN))
    machine.served.clear()
    seconds = machine.open(5 * peak, 3_000, about(MEAN))

    assert len(machine.served) / seconds >= 0.9 * peak
    assert p99(machine.served) <= 6 * MEAN


def test_one_that_became_slower_is_not_choked_for_good() -> None:
    machine, before, after = Machine(4), about(MEAN), about(6 * MEAN)
    machine.open(0.3 * 4 / MEAN, 300, before)
    peak = 4 / (6 * MEAN)
    machine.open(3 * peak, 2_000, after)
    machine.served.clear()
    seconds = machine.open(3 * peak, 2_000, after)

    assert len(machine.served) / seconds >= 0.8 * peak


def test_a_burst_after_calm_is_let_in() -> None:
    machine = Machine(2)
    machine.open(0.3 * 2 / MEAN, 300, about(MEAN))
    machine.open(5 * 2 / MEAN, 1_000, about(MEAN))
    machine.run(machine.now + 60)
    assert machine.gate.limit < 8

    assert all(machine.offer(MEAN) for _ in range(12))


def test_a_caller_of_little_is_served_beside_one_of_much() -> None:
    machine, peak = Machine(2), 2 / MEAN
    machine.open(0.3 * peak, 300, about(MEAN))
    machine.open(5 * peak, 500, about(MEAN), "much")
    asked = machine.callers["little"] = 0
    for _ in range(150):
        machine.open(5 * peak, 30, about(MEAN), "much")
        machine.offer(MEAN, "little")
        asked += 1

    assert machine.callers["little"] >= 0.9 * asked
    assert machine.callers["much"] >= 5 * machine.callers["little"]


def test_two_that_ask_for_too_much_get_the_same() -> None:
    machine, peak = Machine(2), 2 / MEAN
    machine.open(0.3 * peak, 300, about(MEAN))
    machine.callers.clear()
    callers = ("a", *["b"] * 9)  # nine times as often
    machine.open(10 * peak, 6_000, about(MEAN), *callers)

    assert machine.callers["a"] >= 0.6 * machine.callers["b"]


def test_large_messages_are_not_slow_because_they_take_longer() -> None:
    machine = Machine(2)
    for number in range(400):
        machine.run(machine.now + 0.5)
        large = number % 2
        machine.offer(20 * MEAN if large else MEAN, size=10_000 if large else SIZE)
    assert not machine.refused
    assert all(machine.offer(20 * MEAN, size=10_000) for _ in range(6))


def test_one_call_that_is_stuck_closes_nothing() -> None:
    machine = Machine(4)
    machine.open(0.2 * 4 / MEAN, 400, about(MEAN))
    ticket = machine.gate.enter("a", SIZE, machine.now)
    machine.open(0.2 * 4 / MEAN, 100, about(MEAN))
    limit = machine.gate.limit
    machine.gate.leave(ticket, 10.0, machine.now, "OK")
    machine.open(0.2 * 4 / MEAN, 100, about(MEAN))

    assert machine.gate.limit >= limit
    assert not machine.refused


def test_who_could_not_wait_long_enough_is_refused_at_once() -> None:
    machine = Machine(1, Pace(slowdown=8, always=2))
    machine.open(0.2 / MEAN, 100, about(MEAN))
    machine.open(10 / MEAN, 500, about(MEAN))
    refused = len(machine.refused)
    while machine.gate.in_flight >= machine.gate.limit:  # room for one
        machine.run(machine.now + MEAN / 4)
    assert machine.gate.in_flight >= 2
    token = DEADLINE.set(0.0)  # long ago
    try:
        assert not machine.offer(MEAN)
    finally:
        DEADLINE.reset(token)

    assert machine.offer(MEAN)
    assert len(machine.refused) == refused + 1


def test_refusals_say_when_to_come_back_and_not_all_the_same() -> None:
    machine = Machine(1)
    machine.open(0.2 / MEAN, 100, about(MEAN))
    machine.open(5 / MEAN, 500, about(MEAN))
    waits = [error.retry_after or 0 for error in machine.refused]

    assert all(0 < wait <= 1.25 * LONGEST_RETRY_S for wait in waits)
    assert any(first != second for first, second in pairwise(waits))


def test_the_fewest_are_let_in_however_slow() -> None:
    machine = Machine(1, Pace(slowdown=2, always=3))
    machine.open(0.2 / MEAN, 100, about(MEAN))
    machine.open(20 / MEAN, 500, about(MEAN))
    machine.run(machine.now + 60)

    assert all(machine.offer(1_000.0) for _ in range(3))
