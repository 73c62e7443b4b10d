"""Follows what changes in accounts and judges it, from where it stopped.

A cursor is stored only after all it covers is judged and durable: whatever stops
this, the next one to follow begins early enough. Judging twice changes nothing.
"""

import asyncio
import heapq
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from services.policy.domain.evidence import Evidence
from services.policy.leases import Held
from services.policy.progress import Progress
from services.runtime.errors import InternalError, ServiceError

log = structlog.get_logger()

MAX_WAITING = 10_000
PARALLEL = 4
STORE_EVERY = 0.5
ATTEMPTS = 5
RETRY_AFTER = 1.0


@dataclass(frozen=True, slots=True)
class Change:
    """An account's evidence changed."""

    account: str
    evidence: Evidence | None
    """None where it has to be fetched."""
    urgent: bool = False
    erased: bool = False
    change_time: datetime | None = None
    """When the evidence was durable."""


@dataclass(frozen=True, slots=True)
class Told:
    """One message of the feed; without changes it is a heartbeat."""

    cursor: str
    changes: Sequence[Change]


@dataclass(slots=True)
class Waiting:
    """A change that gathers more before it is judged."""

    change: Change
    number: int
    due: float
    attempts: int = 0


Feed = Callable[[str], AsyncIterator[Told]]
Judge = Callable[[Change], Awaitable[None]]


class Watch(Protocol):
    """Who is told how the work goes."""

    def heard(self, work: str) -> None:
        """The feed gave a sign."""

    def behind(self, work: str, waiting: int, seconds: float) -> None:
        """So many accounts wait, and the stored cursor is so far behind."""

    def not_judged(self) -> None:
        """An account cannot be judged."""


class Follower:
    """Judges the accounts of one feed; `debounce` is in seconds."""

    def __init__(
        self,
        feed: Feed,
        judge: Judge,
        debounce: float,
        watch: Watch,
        name: str = "profiles",
    ) -> None:
        """Tell *watch*, under this *name*, how the work goes."""
        self._feed = feed
        self._judge = judge
        self._debounce = debounce
        self._watch = watch
        self._name = name

    async def work(self, held: Held) -> None:
        """Follow from the stored cursor until cancelled, or until accounts fails."""
        run = _Run(
            held, self._feed, self._judge, self._debounce, self._watch, self._name
        )
        try:
            async with asyncio.TaskGroup() as tasks:
                reading = tasks.create_task(run.read())
                for _ in range(PARALLEL):
                    tasks.create_task(run.judge_due(reading))
                tasks.create_task(run.store(reading))
        except ExceptionGroup as group:
            raise group.exceptions[0] from group
        finally:
            self._watch.behind(self._name, 0, 0.0)  # that is another's now


class _Run:
    """One time of following, from a cursor to an interruption."""

    def __init__(  # noqa: PLR0917 only Follower makes one
        self,
        held: Held,
        feed: Feed,
        judge: Judge,
        debounce: float,
        watch: Watch,
        name: str,
    ) -> None:
        self._held = held
        self._feed = feed
        self._judge = judge
        self._debounce = debounce
        self._watch = watch
        self._name = name
        self._progress = Progress(held.cursor)
        self._waiting: dict[str, Waiting] = {}
        self._by_due: list[tuple[float, str]] = []
        self._judging: set[str] = set()
        """Accounts that are judged now: one at a time each, or an erasure could
        be overtaken by a judgement that began before it."""
        self._changed = asyncio.Condition()

    async def read(self) -> None:
        """Take messages in, no faster than they are judged."""
        async for told in self._feed(self._held.cursor):
            self._watch.heard(self._name)
            async with self._changed:
                accounts = [change.account for change in told.changes]
                number = self._progress.told(told.cursor, accounts, time.monotonic())
                for change in told.changes:
                    self._gather(change, number)
                self._changed.notify_all()
                await self._changed.wait_for(lambda: len(self._waiting) < MAX_WAITING)

    def _gather(self, change: Change, number: int) -> None:
        """Join it with what already waits; the first one says for how long."""
        due = time.monotonic() + (0.0 if change.urgent else self._debounce)
        known = self._waiting.get(change.account)
        if known is not None:
            known.change, known.number = change, number
            due = min(known.due, due)
            known.due = due
        else:
            self._waiting[change.account] = Waiting(change, number, due)
        heapq.heappush(self._by_due, (due, change.account))

    async def judge_due(self, reading: asyncio.Task[None]) -> None:
        """Judge what is due until everything that was read is judged."""
        while (waiting := await self._next(reading)) is not None:
            try:
                await self._judge(waiting.change)
            except ServiceError as error:
                await self._again(waiting, error)
                continue
            except Exception:
                log.exception("judging broke", account=waiting.change.account)
                await self._again(waiting, InternalError())
                continue
            await self._done(waiting)

    async def _next(self, reading: asyncio.Task[None]) -> Waiting | None:
        """Return the next change that is due; None once there is nothing to come."""
        async with self._changed:
            while self._waiting or not reading.done():
                first = self._first()
                left = None if first is None else first.due - time.monotonic()
                if first is not None and left is not None and left <= 0:
                    self._judging.add(first.change.account)
                    return self._waiting.pop(first.change.account)
                await self._wait(left)
            return None

    def _first(self) -> Waiting | None:
        """Return what is due first; what was moved, taken or is busy is passed over."""
        while self._by_due:
            due, account = self._by_due[0]
            waiting = self._waiting.get(account)
            free = account not in self._judging
            if free and waiting is not None and waiting.due == due:
                return waiting
            heapq.heappop(self._by_due)
        return None

    async def _wait(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(STORE_EVERY if seconds is None else seconds):
                await self._changed.wait()
        except TimeoutError:
            return

    async def _done(self, waiting: Waiting) -> None:
        async with self._changed:
            self._progress.judged(waiting.change.account, waiting.number)
            self._release(waiting.change.account)

    async def _again(self, waiting: Waiting, error: ServiceError) -> None:
        """Put it back; one that fails by itself must not hold up the others."""
        waiting.attempts += 1
        account = waiting.change.account
        if isinstance(error, InternalError) and waiting.attempts >= ATTEMPTS:
            log.error("account not judged", account=account, reason=error.reason)
            self._watch.not_judged()
            await self._done(waiting)
            return
        log.warning("judging failed", account=account, reason=error.reason)
        waiting.due = time.monotonic() + RETRY_AFTER * waiting.attempts
        async with self._changed:
            self._waiting.setdefault(account, waiting)
            self._release(account)

    def _release(self, account: str) -> None:
        """Let what waits for *account* be judged."""
        self._judging.discard(account)
        if (waiting := self._waiting.get(account)) is not None:
            heapq.heappush(self._by_due, (waiting.due, account))
        self._changed.notify_all()

    async def store(self, reading: asyncio.Task[None]) -> None:
        """Store the cursor now and then, and at the end."""
        while True:
            ended = reading.done() and not self._progress.waiting_count
            if self._progress.cursor != self._held.cursor:
                await self._held.store(self._progress.cursor)
            since = self._progress.behind_since
            lag = 0.0 if since is None else time.monotonic() - since
            self._watch.behind(self._name, self._progress.waiting_count, lag)
            if ended:
                return
            await asyncio.sleep(STORE_EVERY)
