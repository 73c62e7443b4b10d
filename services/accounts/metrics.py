"""Prometheus metrics of accounts, on a registry that the caller owns."""

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge

from services.accounts.domain.times import to_us
from services.accounts.storage import gauges
from services.accounts.storage.ingest import Receipt
from services.accounts.storage.scoring import Harvest
from services.runtime.clock import Clock
from services.runtime.database import Database


class AccountsMetrics:
    """What comes in, and what waits."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._activities = Counter(
            "accounts_activities",
            "Activities taken in: recorded, duplicate, or in conflict with one known.",
            ["outcome"],
            registry=registry,
        )
        self._texts = Counter(
            "accounts_texts",
            "Texts that came back from the detector: scored, refused, or given up.",
            ["outcome"],
            registry=registry,
        )
        self._pending = Gauge(
            "accounts_pending_texts",
            "Texts that wait to be scored; 100,000 stands for more.",
            registry=registry,
        )
        self._age = Gauge(
            "accounts_pending_text_age_seconds",
            "Since the text that waits longest was recorded; 0 where none waits.",
            registry=registry,
        )
        self._dead = Gauge(
            "accounts_dead_letters",
            "Texts given up after every attempt; 100,000 stands for more.",
            registry=registry,
        )

    def recorded(self, receipts: Sequence[Receipt]) -> None:
        """These were made durable, or were known."""
        for receipt in receipts:
            known = "duplicate" if receipt.duplicate else "recorded"
            outcome = "conflict" if receipt.conflict else known
            self._activities.labels(outcome).inc()

    def answered(self, harvest: Harvest) -> None:
        """The detector said this."""
        dead = sum(failure.dead for failure in harvest.failures)
        self._texts.labels("scored").inc(len(harvest.scored))
        self._texts.labels("refused").inc(len(harvest.failures) - dead)
        self._texts.labels("given_up").inc(dead)

    async def look(self, database: Database, clock: Clock) -> None:
        """Look up what waits in *database*; *clock* is the one that records."""
        found = await database.read(gauges.backlog)
        now_us = to_us(clock.now())
        oldest_us = now_us if found.oldest_us is None else found.oldest_us
        self._pending.set(found.waiting)
        self._dead.set(found.dead)
        self._age.set(max(now_us - oldest_us, 0) / 1e6)
