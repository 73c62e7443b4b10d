"""Runs texts through a model in batches: the clock and the queue.

Texts that wait together run together, so the busier the server the larger its
batches. Who cannot be served in time is told so at once instead of waiting.
"""

import asyncio
import contextlib
import contextvars
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import structlog

from services.detector.planning import OVERHEAD, Limits, Waiting, plan
from services.runtime.errors import DeadlineExceeded, DependencyUnavailable, QueueFull

log = structlog.get_logger()

# How much the newest batch weighs in the running mean of the model's speed.
NEWEST = 0.2
SHORTEST_RETRY = 0.1
# The share of a caller's time that may pass before its answer is ready: the
# rest is for the way back, and for estimates that err.
CAUTION = 0.5

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Pending(Waiting, Generic[T]):
    """A text in the queue, with who waits for the answer."""

    text: str = ""
    answer: asyncio.Future[T] = field(default_factory=asyncio.Future)
    context: contextvars.Context = field(default_factory=contextvars.copy_context)


class Watcher(Protocol):
    """Told what the batcher does; `metrics.DetectorMetrics` is the one in use."""

    def queued(self, texts: int) -> None:
        """So many texts wait now."""

    def ran(self, texts: int, seconds: float) -> None:
        """A batch of so many texts took so long."""

    def refused(self, texts: int) -> None:
        """So many texts were refused because the queue is full."""

    def dropped(self, texts: int) -> None:
        """So many texts outlived their deadline in the queue."""


class Batcher(Generic[T]):
    """Answers each text by way of *model*, which takes many at a time.

    The model runs in one thread of its own. If it raises on a batch, the
    batch is halved until the texts at fault stand alone: only they fail.
    """

    def __init__(
        self,
        model: Callable[[Sequence[str]], Sequence[T]],
        limits: Limits,
        watcher: Watcher,
    ) -> None:
        self._model = model
        self._limits = limits
        self._watcher = watcher
        # In order of arrival; keyed so that leaving costs nothing.
        self._queue: dict[int, Pending[T]] = {}
        self._load = 0  # characters that wait or run, overhead included
        self._seconds_per_char = 0.0
        self._woken = asyncio.Event()
        self._stopping = False
        self._executor = ThreadPoolExecutor(1, "inference")
        self._worker: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to serve. Texts submitted before wait until then."""
        self._worker = asyncio.create_task(self._serve(), name="batching")

    async def stop(self) -> None:
        """Finish the batch that runs, send away whoever still waits."""
        self._stopping = True
        self._woken.set()
        if self._worker is not None:
            await self._worker
        for entry in tuple(self._queue.values()):
            _settle(entry.answer, DependencyUnavailable("detector"))
        await asyncio.to_thread(self._executor.shutdown)

    def submit(
        self, texts: Sequence[str], time_left: float | None = None
    ) -> list[asyncio.Future[T]]:
        """Queue *texts*; a future each, in order. Cancel one to leave.

        *time_left* is in seconds; None waits for ever. Raises QueueFull,
        taking none of them, if they would wait longer than the limits say or
        than their caller has time, DependencyUnavailable after `stop`.
        """
        if self._stopping:
            raise DependencyUnavailable("detector")
        now = asyncio.get_running_loop().time()
        left = math.inf if time_left is None else time_left
        delay = self._seconds_per_char * (self._load + _cost(texts))
        if self._is_full(len(texts), delay, left):
            self._watcher.refused(len(texts))
            raise QueueFull("detector", max(SHORTEST_RETRY, delay))
        context = contextvars.copy_context()
        return [self._enqueue(text, now, now + left, context) for text in texts]

    def _is_full(self, arriving: int, delay: float, time_left: float) -> bool:
        if not self._queue:  # what is larger than the queue must still get in
            return False
        if len(self._queue) + arriving > self._limits.max_queue_texts:
            return True
        return delay > min(self._limits.max_delay, CAUTION * time_left)

    def _enqueue(
        self, text: str, now: float, deadline: float, context: contextvars.Context
    ) -> asyncio.Future[T]:
        entry: Pending[T] = Pending(len(text), now, deadline, text, context=context)
        self._queue[id(entry)] = entry
        self._load += len(text) + OVERHEAD
        entry.answer.add_done_callback(lambda _: self._leave(entry))
        self._watcher.queued(len(self._queue))
        self._woken.set()
        return entry.answer

    def _leave(self, entry: Pending[T]) -> None:
        """Take *entry* out of the queue if it still waits there."""
        if self._queue.pop(id(entry), None) is not None:
            self._load -= entry.size + OVERHEAD
            self._watcher.queued(len(self._queue))

    async def _serve(self) -> None:
        while not self._stopping:
            self._woken.clear()
            now = asyncio.get_running_loop().time()
            # Whoever cancelled may still be listed: callbacks run a step later.
            queue = [one for one in self._queue.values() if not one.answer.done()]
            chosen = plan(queue, now, self._limits)
            self._expire(chosen.expired)
            if chosen.batch:
                await self._run(chosen.batch)
                continue
            idle = chosen.wait_until - now
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if idle == math.inf else idle):
                    await self._woken.wait()

    def _expire(self, entries: tuple[Pending[T], ...]) -> None:
        for entry in entries:
            entry.answer.set_exception(DeadlineExceeded())
        if entries:
            self._watcher.dropped(len(entries))

    async def _run(self, batch: tuple[Pending[T], ...]) -> None:
        for entry in batch:
            self._leave(entry)
        texts = [entry.text for entry in batch]
        chars = _cost(texts)
        self._load += chars  # they no longer wait, but are waited for
        loop = asyncio.get_running_loop()
        started = loop.time()
        # A batch has many callers and one log: the oldest lends its context.
        run = batch[0].context.run
        outcomes = await loop.run_in_executor(
            self._executor, run, answer_each, self._model, texts
        )
        seconds = loop.time() - started
        self._load -= chars
        known = self._seconds_per_char or seconds / chars
        self._seconds_per_char = (1 - NEWEST) * known + NEWEST * seconds / chars
        self._watcher.ran(len(batch), seconds)
        for entry, outcome in zip(batch, outcomes, strict=True):
            _settle(entry.answer, outcome)


def answer_each(
    model: Callable[[Sequence[str]], Sequence[T]], texts: Sequence[str]
) -> list[T | Exception]:
    """Return what *model* answers to each text, or raises on that one alone."""
    try:
        answers = model(texts)
        return [one for one, _ in zip(answers, texts, strict=True)]
    except Exception as error:
        if len(texts) == 1:
            log.exception("text failed", chars=len(texts[0]))
            return [error]
        half = len(texts) // 2
        return answer_each(model, texts[:half]) + answer_each(model, texts[half:])


def _cost(texts: Sequence[str]) -> int:
    """What *texts* ask of the model, in characters."""
    return sum(len(text) + OVERHEAD for text in texts)


def _settle(answer: asyncio.Future[T], outcome: T | Exception) -> None:
    """Deliver *outcome*, unless the caller left while the model ran."""
    if answer.done():
        return
    if isinstance(outcome, Exception):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)
