"""Has texts scored: at once where a caller waits, else in the background.

A text waits in the database until its score is there. Detector away means
that it waits longer; a text that detector refuses again and again becomes a
dead letter. Claims and pauses run on the machine's clock, scores on the
service's, so that replayed time does not stop the work.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from services.accounts.domain.activities import Score
from services.accounts.domain.times import from_us, to_us
from services.accounts.lanes import Lanes
from services.accounts.outcomes import Outcome, Refusal, Version
from services.accounts.storage import scoring, texts
from services.accounts.storage.activities import Key
from services.accounts.storage.scoring import Harvest
from services.accounts.storage.texts import Failure, PendingText
from services.runtime.bell import Bell
from services.runtime.clock import Clock, SystemClock
from services.runtime.database import Database
from services.runtime.errors import ServiceError
from services.runtime.ids import random_id

log = structlog.get_logger()

FIRST_PAUSE = timedelta(seconds=1)
MAX_PAUSE = timedelta(minutes=5)
MAX_BACKOFF_S = 30.0


class Detector(Protocol):
    """Has a word on texts."""

    def score(
        self, texts: Sequence[tuple[Version, str]], now: datetime, timeout: float
    ) -> Awaitable[list[Outcome]]:
        """Return the outcome of each of *texts*; raise ServiceError."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How much is scored at once and how long things may take, in seconds."""

    batch: int = 64
    in_flight: int = 2
    timeout: float = 30.0
    lease: float = 60.0
    attempts: int = 5
    poll: float = 0.5


@dataclass(frozen=True, slots=True)
class Done:
    """A text that was scored, and the profile revision that counts it."""

    scores: tuple[Score, ...]
    revision: int


class Scoring:
    """Claims texts, asks detector, and keeps what it says."""

    def __init__(
        self,
        database: Database,
        lanes: Lanes,
        detector: Detector,
        clock: Clock,
        pace: Pace = Pace(),  # it is frozen
        *,
        wall: Clock | None = None,
        watch: Callable[[Harvest], None] = lambda _: None,
    ) -> None:
        """Let *watch* see what the detector said."""
        self._watch = watch
        self._database = database
        self._lanes = lanes
        self._detector = detector
        self._clock = clock
        self._pace = pace
        self._wall = wall or SystemClock()
        self._slots = asyncio.Semaphore(pace.in_flight)
        self._work = Bell()
        self._held = ""
        self.changed = Bell()
        """Rung when scores changed profiles."""

    def claim(self) -> tuple[str, int]:
        """Return a new claim, and when it lapses: for texts about to be kept."""
        lapse = self._wall.now() + timedelta(seconds=self._pace.lease)
        return random_id(), to_us(lapse)

    def due_now(self) -> int:
        """Return the due time of texts that anybody may score."""
        return to_us(self._wall.now())

    def wake(self) -> None:
        """Say that texts wait."""
        self._work.ring()

    async def score_now(
        self, claim: str, waiting: Sequence[PendingText], limit: float | None
    ) -> dict[Key, Done]:
        """Score texts that *claim* holds; what takes longer stays pending."""
        done: dict[Key, Done] = {}
        tasks = [
            asyncio.ensure_future(self._score(claim, batch, done))
            for batch in self._batches(waiting)
        ]
        try:
            async with asyncio.timeout(limit):
                await asyncio.gather(*tasks)
        except (ServiceError, TimeoutError) as error:
            log.warning("scoring left to the background", error=type(error).__name__)
        finally:
            for task in tasks:
                task.cancel()
            if len(done) < len(waiting):
                await self._release(claim)
        return done

    async def run(self) -> None:
        """Score what is due, for ever."""
        failures = 0
        while True:
            try:
                worked = await self.score_due()
                failures = 0
            except ServiceError as error:
                failures += 1
                worked = 0
                pause = min(self._pace.poll * 2.0**failures, MAX_BACKOFF_S)
                log.warning("detector away", reason=error.reason, pause_s=pause)
                await asyncio.sleep(pause)
            if not worked:
                await self._work.wait(self._pace.poll)

    async def score_due(self) -> int:
        """Score texts that are due, as many as may be in flight; return how many."""
        claim, until_us = self.claim()
        now_us, limit = self.due_now(), self._pace.batch * self._pace.in_flight
        self._held = claim
        found = await self._database.write(
            lambda tx: texts.claim_due(tx, claim, now_us, until_us, limit)
        )
        if not found:
            return 0
        try:
            await asyncio.gather(
                *(self._score(claim, batch, {}) for batch in self._batches(found))
            )
        except ServiceError:
            await self._release(claim)
            raise
        self._held = ""
        return len(found)

    async def let_go(self) -> None:
        """Leave what is held to another replica, or to the next start."""
        if self._held:
            await self._release(self._held)

    def _batches(self, waiting: Sequence[PendingText]) -> list[Sequence[PendingText]]:
        # Texts of like length run together without padding.
        ordered = sorted(waiting, key=lambda text: len(text.text))
        size = self._pace.batch
        return [ordered[i : i + size] for i in range(0, len(ordered), size)]

    async def _score(
        self,
        claim: str,
        batch: Sequence[PendingText],
        done: dict[Key, Done],
    ) -> None:
        async with self._slots:
            now = self._clock.now()
            asked = [
                (Version(text.content, from_us(text.text_us)), text.text)
                for text in batch
            ]
            outcomes = await self._detector.score(asked, now, self._pace.timeout)
        harvest = self._harvest(claim, batch, outcomes)
        self._watch(harvest)
        attempt_us = self.due_now()
        async with self._lanes.of(account for account, _ in harvest.scored):
            revisions = await self._database.write(
                lambda tx: scoring.settle(tx, harvest, to_us(now), attempt_us)
            )
        done.update(
            (key, Done(found, revisions[key[0]]))
            for key, found in harvest.scored.items()
            if key[0] in revisions
        )
        self.changed.ring()

    def _harvest(
        self, claim: str, batch: Sequence[PendingText], outcomes: Sequence[Outcome]
    ) -> Harvest:
        scored: dict[Key, tuple[Score, ...]] = {}
        failures: list[Failure] = []
        for text, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Refusal):
                failures.append(self._failure(text, outcome))
            else:
                scored[text.key] = outcome
        return Harvest(claim, scored, failures)

    def _failure(self, text: PendingText, refused: Refusal) -> Failure:
        pause = min(FIRST_PAUSE * 2**text.attempts, MAX_PAUSE)
        due_us = to_us(self._wall.now() + pause)
        last = text.attempts + 1 >= self._pace.attempts
        # A full queue is no fault of the text and never makes a dead letter.
        return Failure(
            text.key, refused.error, due_us, dead=last and not refused.passing
        )

    async def _release(self, claim: str) -> None:
        due_us = self.due_now()
        await self._database.write(lambda tx: texts.put_back(tx, claim, due_us))
        self._work.ring()
