"""Recording what accounts did: activities in, receipts out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from services.accounts.arrivals import Arrival, ScoreState
from services.accounts.domain.activities import Score
from services.accounts.domain.times import to_us
from services.accounts.lanes import Lanes
from services.accounts.scoring import Done
from services.accounts.storage import ingest, scores
from services.accounts.storage.activities import Key
from services.accounts.storage.ingest import Receipt, Terms
from services.accounts.storage.texts import PendingText
from services.runtime.bell import Bell
from services.runtime.clock import Clock
from services.runtime.database import Database


class Scorer(Protocol):
    """Has texts scored."""

    def claim(self) -> tuple[str, int]:
        """Return a new claim on texts, and when it lapses."""

    def due_now(self) -> int:
        """Return the due time of texts that anybody may score."""

    def wake(self) -> None:
        """Say that texts wait."""

    async def score_now(
        self, claim: str, waiting: Sequence[PendingText], limit: float | None
    ) -> dict[Key, Done]:
        """Score texts that *claim* holds, within *limit* seconds."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A receipt, with the scores where the caller waited for them."""

    receipt: Receipt
    scores: tuple[Score, ...] = ()


class Track:
    """Records activities, and has their texts scored."""

    def __init__(
        self,
        database: Database,
        lanes: Lanes,
        clock: Clock,
        scorer: Scorer,
        changed: Bell,
        *,
        watch: Callable[[Sequence[Receipt]], None] = lambda _: None,
    ) -> None:
        """Let *watch* see what was recorded."""
        self._watch = watch
        self._database = database
        self._lanes = lanes
        self._clock = clock
        self._scorer = scorer
        self._changed = changed

    async def record(self, arrivals: Sequence[Arrival]) -> list[Receipt]:
        """Make *arrivals* durable; their texts are scored in the background."""
        receipts = await self._record(arrivals, "", self._scorer.due_now())
        self._scorer.wake()
        return receipts

    async def record_assessed(
        self, arrivals: Sequence[Arrival], limit: float | None
    ) -> list[Recorded]:
        """Make *arrivals* durable and have their texts scored within *limit*.

        What is not scored after so many seconds stays pending.
        """
        claim, lapse_us = self._scorer.claim()
        receipts = await self._record(arrivals, claim, lapse_us)
        waiting = [
            _pending(arrival)
            for arrival, receipt in zip(arrivals, receipts, strict=True)
            if arrival.text and not (receipt.duplicate or receipt.conflict)
        ]
        done = await self._scorer.score_now(claim, waiting, limit) if waiting else {}
        repeated = {
            arrival.key
            for arrival, receipt in zip(arrivals, receipts, strict=True)
            if receipt.duplicate and receipt.score_state is ScoreState.SCORED
        }
        before = {}
        if repeated:
            before = await self._database.read(
                lambda tx: scores.of_activities(tx, repeated)
            )
        return [
            _assessed(receipt, done.get(arrival.key), before.get(arrival.key, []))
            for arrival, receipt in zip(arrivals, receipts, strict=True)
        ]

    async def _record(
        self, arrivals: Sequence[Arrival], claim: str, due_us: int
    ) -> list[Receipt]:
        if not arrivals:
            return []
        terms = Terms(to_us(self._clock.now()), due_us, claim)
        async with self._lanes.of(arrival.activity.account for arrival in arrivals):
            receipts = await self._database.write(
                lambda tx: ingest.record(tx, arrivals, terms)
            )
        self._changed.ring()
        self._watch(receipts)
        return receipts


def _pending(arrival: Arrival) -> PendingText:
    activity = arrival.activity
    return PendingText(
        activity.account,
        activity.id,
        activity.content_id,
        activity.event_us,
        arrival.text,
    )


def _assessed(receipt: Receipt, done: Done | None, before: list[Score]) -> Recorded:
    if receipt.conflict or done is None:
        return Recorded(receipt, tuple(before))
    scored = replace(receipt, score_state=ScoreState.SCORED, revision=done.revision)
    return Recorded(scored, done.scores)
