"""Asks rulesets in SHADOW beside the live one, and keeps how they differ."""

from collections import Counter
from datetime import datetime

from services.policy.domain.evidence import Evidence
from services.policy.domain.history import History
from services.policy.domain.judge import rule
from services.policy.domain.rulings import Ruling
from services.policy.domain.shadows import Flip, flip
from services.policy.rulebook import Rules
from services.policy.storage import shadows
from services.policy.storage.store import Store, Transaction

EVERY = 100
"""Judgements between two writings of their number; a crash loses fewer than these."""


class Shadowing:
    """Compares, and writes only where they differ or enough was judged."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._judged: Counter[str] = Counter()

    async def compare(
        self,
        evidence: Evidence,
        history: History,
        rules: Rules,
        live: Ruling,
        now: datetime,
    ) -> None:
        """Ask every ruleset in SHADOW what it would have done instead of *live*."""
        found: list[tuple[str, Flip]] = []
        for shadow in rules.shadows:
            other = rule(evidence, history, shadow, now, rules.switches)
            self._judged[shadow.digest] += 1
            difference = flip(live, other)
            if difference is not None:
                found.append((shadow.digest, difference))
        if found or self._judged.total() >= EVERY:
            await self._write(found, now)

    async def flush(self, now: datetime) -> None:
        """Write what was counted since."""
        if self._judged:
            await self._write([], now)

    async def _write(self, found: list[tuple[str, Flip]], now: datetime) -> None:
        counts, self._judged = self._judged, Counter()

        def write(connection: Transaction) -> None:
            shadows.judged(connection, counts)
            for digest, difference in found:
                shadows.differed(connection, digest, difference, now)

        await self._store.append(write)
