"""The follower: what it judges, when, and which cursor it stores."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from services.policy.metrics import PolicyMetrics
from services.policy.progress import Progress
from services.policy.worker import Change, Follower, Told
from services.runtime.errors import DependencyUnavailable, InternalError


class FakeHeld:
    """A lease that is never lost, and the cursors stored under it."""

    def __init__(self, cursor: str = "") -> None:
        self.cursor = cursor
        self.stored: list[str] = []

    async def store(self, cursor: str) -> None:
        self.cursor = cursor
        self.stored.append(cursor)


def change(account: str, *, urgent: bool = False) -> Change:
    return Change(account=account, evidence=None, urgent=urgent)


def feed_of(*messages: Told) -> Any:
    """A feed that tells *messages* from its cursor on, and ends."""

    async def feed(cursor: str) -> AsyncIterator[Told]:
        for message in messages:
            if int(message.cursor) > int(cursor or 0):
                yield message

    return feed


async def follow(feed: Any, judge: Any, held: FakeHeld, debounce: float = 0.0) -> None:
    """Follow to the end of *feed*."""
    follower = Follower(feed, judge, debounce, PolicyMetrics(CollectorRegistry()))
    await asyncio.wait_for(follower.work(held), 5)  # type: ignore[arg-type]


def test_cursor_waits_for_every_account_it_covers() -> None:
    progress = Progress("0")
    first = progress.told("1", ["a", "b"])
    second = progress.told("2", ["a"])

    progress.judged("a", second)
    assert progress.cursor == "0"

    progress.judged("b", first)
    assert progress.cursor == "2"


def test_judging_an_old_message_leaves_the_newer_one_open() -> None:
    progress = Progress("0")
    first = progress.told("1", ["a"])
    progress.told("2", ["a"])

    progress.judged("a", first)

    assert progress.cursor == "1"
    assert progress.waiting_count == 1


def test_heartbeat_moves_the_cursor() -> None:
    progress = Progress("0")

    progress.told("1", [])

    assert progress.cursor == "1"


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=3), max_size=12), st.data())
def test_stored_cursor_never_covers_what_is_not_judged(
    messages: list[list[str]], data: st.DataObject
) -> None:
    progress = Progress("0")
    open_: list[set[str]] = []
    for index, accounts in enumerate(messages, start=1):
        number = progress.told(str(index), accounts)
        open_.append(set(accounts))
        for account in data.draw(st.lists(st.sampled_from("abc"), max_size=2)):
            progress.judged(account, number)
            for waiting in open_:
                waiting.discard(account)
        covered = int(progress.cursor)
        assert not any(open_[:covered])
        assert covered == len(open_) or open_[covered]


async def test_changes_of_one_account_are_judged_once() -> None:
    judged: list[str] = []

    async def judge(told: Change) -> None:
        judged.append(told.account)

    held = FakeHeld()
    messages = [Told(str(n), [change("a")]) for n in range(1, 6)]
    await follow(feed_of(*messages), judge, held, debounce=0.05)

    assert judged == ["a"]
    assert held.stored[-1] == "5"


async def test_urgent_change_does_not_wait() -> None:
    order: list[str] = []

    async def judge(told: Change) -> None:
        order.append(told.account)

    messages = [Told("1", [change("slow")]), Told("2", [change("fast", urgent=True)])]
    await follow(feed_of(*messages), judge, FakeHeld(), debounce=0.1)

    assert order == ["fast", "slow"]


async def test_resumes_after_the_stored_cursor() -> None:
    judged: list[str] = []

    async def judge(told: Change) -> None:
        judged.append(told.account)

    messages = [Told("1", [change("a")]), Told("2", [change("b")])]
    await follow(feed_of(*messages), judge, FakeHeld("1"))

    assert judged == ["b"]


async def test_cursor_is_not_stored_before_the_judgement_is_durable() -> None:
    held = FakeHeld()

    async def judge(told: Change) -> None:
        if told.account == "b":
            raise asyncio.CancelledError

    messages = [Told("1", [change("a")]), Told("2", [change("b")])]
    watch = PolicyMetrics(CollectorRegistry())
    follower = Follower(feed_of(*messages), judge, 0, watch)
    with pytest.raises((asyncio.CancelledError, TimeoutError)):
        await asyncio.wait_for(follower.work(held), 1)  # type: ignore[arg-type]

    assert "2" not in held.stored


async def test_account_that_always_fails_does_not_hold_up_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.policy.worker.RETRY_AFTER", 0.01)
    judged: list[str] = []

    async def judge(told: Change) -> None:
        if told.account == "broken":
            raise InternalError
        judged.append(told.account)

    held = FakeHeld()
    messages = [Told("1", [change("broken")]), Told("2", [change("b")])]
    await follow(feed_of(*messages), judge, held)

    assert judged == ["b"]
    assert held.stored[-1] == "2"


async def test_account_that_fails_five_times_is_counted_for_an_operator(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.policy.worker.RETRY_AFTER", 0.01)
    registry = CollectorRegistry()
    attempts: list[str] = []

    async def judge(told: Change) -> None:
        attempts.append(told.account)
        raise ZeroDivisionError

    metrics = PolicyMetrics(registry)
    feed = feed_of(Told("1", [change("broken")]))
    follower = Follower(feed, judge, 0.0, metrics)
    await asyncio.wait_for(follower.work(FakeHeld()), 5)  # type: ignore[arg-type]

    assert len(attempts) == 5
    assert registry.get_sample_value("policy_accounts_not_judged_total") == 1


async def test_what_waits_is_shown_until_another_takes_over() -> None:
    registry = CollectorRegistry()
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def judge(told: Change) -> None:
        begun.set()
        await go_on.wait()

    def shown(name: str) -> float | None:
        return registry.get_sample_value(name, {"work": "profiles:0/1"})

    feed = feed_of(Told("1", [change("a"), change("b")]))
    follower = Follower(feed, judge, 0.0, PolicyMetrics(registry), "profiles:0/1")
    work = asyncio.create_task(follower.work(FakeHeld()))  # type: ignore[arg-type]
    await asyncio.wait_for(begun.wait(), 5)
    await asyncio.sleep(0.6)  # it shows as often as it stores
    waiting, lag = (
        shown("policy_worker_waiting_accounts"),
        shown("policy_cursor_lag_seconds"),
    )
    go_on.set()
    await asyncio.wait_for(work, 5)

    assert waiting == 2
    assert lag is not None
    assert lag > 0.4
    assert shown("policy_feed_heard_timestamp_seconds") is not None
    assert shown("policy_worker_waiting_accounts") == 0
    assert shown("policy_cursor_lag_seconds") == 0


async def test_feed_that_breaks_is_told_to_the_leader() -> None:
    async def feed(cursor: str) -> AsyncIterator[Told]:
        yield Told("1", [])
        raise DependencyUnavailable("accounts")

    async def judge(told: Change) -> None:
        raise AssertionError

    with pytest.raises(DependencyUnavailable):
        await follow(feed, judge, FakeHeld())


async def test_an_account_is_judged_by_one_at_a_time_in_the_order_told() -> None:
    """Its erasure must not be overtaken by a judgement that began before."""
    ended: list[bool] = []
    begun = asyncio.Event()

    async def feed(cursor: str) -> AsyncIterator[Told]:
        yield Told("1", [change("a")])
        await begun.wait()
        yield Told("2", [Change(account="a", evidence=None, erased=True)])

    async def judge(judged: Change) -> None:
        begun.set()
        if not judged.erased:
            await asyncio.sleep(0.05)
        ended.append(judged.erased)

    held = FakeHeld()
    await follow(feed, judge, held)

    assert ended == [False, True]
    assert held.cursor == "2"
