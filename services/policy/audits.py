"""A random blind sample of decisions: the only way to measure wrongful ones."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from services.policy.domain.cases import Case
from services.policy.domain.names import decision_name
from services.policy.domain.tiers import CaseKind, Tier
from services.policy.storage import cases, decisions
from services.policy.storage.cases import CaseNews
from services.policy.storage.store import Store, Transaction
from services.runtime.requests import Request

ALWAYS = datetime(1, 1, 1, tzinfo=UTC)
NEVER = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What to draw from, how many, and by which seed."""

    size: int
    seed: int
    tier: Tier | None
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Drawn:
    """The cases of a sample, and how many decisions it was drawn from."""

    cases: Sequence[Case]
    population_count: int


class Auditor:
    """Draws samples, each once for its request id."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def draw(self, sample: Sample, request: Request, now: datetime) -> Drawn:
        """Open an audit case for each decision drawn; the seed draws it again."""

        def write(connection: Transaction) -> bytes:
            population = decisions.names_within(
                connection,
                sample.start or ALWAYS,
                sample.end or NEVER,
                sample.tier,
            )
            size = min(sample.size, len(population))
            # Not for secrets: the seed is asked for so that others can draw it again.
            chosen = random.Random(sample.seed).sample(population, size)  # noqa: S311
            opened = [
                cases.open_about(connection, news_of(account, decision), decision, now)
                for account, decision in chosen
            ]
            return json.dumps([len(population), *opened]).encode()

        answer = json.loads(await self._store.once(request, write, now))
        count, names = int(answer[0]), answer[1:]
        found = await self._store.read(lambda c: [cases.get(c, name) for name in names])
        return Drawn([case for case in found if case is not None], count)


def news_of(account: str, decision: str) -> CaseNews:
    """Return the audit of one decision; its score is not in it."""
    name = decision_name(account, decision)
    return CaseNews(kind=CaseKind.AUDIT, account=account, decision=name)
