"""Evidence in, a decision out: gathered, judged, and recorded in one transaction."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.policy.domain.events import DecisionMade
from services.policy.domain.evidence import Evidence
from services.policy.domain.history import Measure
from services.policy.domain.judge import rule
from services.policy.domain.names import decision_name
from services.policy.domain.rulings import Ruling
from services.policy.effects import effects_of, lapsed
from services.policy.lineage import Lineage
from services.policy.rulebook import Rulebook, Rules
from services.policy.shadowing import Shadowing
from services.policy.storage import decisions
from services.policy.storage.decisions import StoredDecision
from services.policy.storage.effects import Effects
from services.policy.storage.ledgers import Ledger
from services.policy.storage.store import Plan, Store
from services.runtime.clock import Clock
from services.runtime.errors import NotFound, ServiceError

BREATH = 16
"""After so many judgements, a few milliseconds, others have their turn."""


class Gatherer(Protocol):
    """Where evidence comes from."""

    async def evidence(
        self, account: str, min_revision: int, now: datetime
    ) -> Evidence:
        """Return what is known about *account*, from *min_revision* on."""

    async def evidence_of_many(
        self, accounts: Sequence[str], now: datetime
    ) -> dict[str, Evidence | ServiceError]:
        """Return what is known about each of *accounts*, or why nothing is."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was decided. Exactly one of `stored` and `ruling` is set."""

    changed: bool
    """The decision is new."""
    stored: StoredDecision | None = None
    """A decision on record, made now or before on the same evidence."""
    measure: Measure | None = None
    """What became of it."""
    ruling: Ruling | None = None
    """What was or would be ruled where nothing was recorded."""


class Enforcer:
    """Judges accounts. The same evidence under the same rules is decided once."""

    def __init__(
        self,
        store: Store,
        rulebook: Rulebook,
        gatherer: Gatherer,
        clock: Clock,
        changed: Callable[[str], None],
        *,
        shadowing: Shadowing,
        lineage: Lineage,
        decided: Callable[[DecisionMade], None] = lambda _: None,
    ) -> None:
        """Have *changed* called with each account whose standing may have changed.

        *decided* sees each decision that was recorded.
        """
        self._decided = decided
        self._store = store
        self._rulebook = rulebook
        self._gatherer = gatherer
        self._clock = clock
        self._changed = changed
        self._shadowing = shadowing
        self._lineage = lineage

    async def evaluate(
        self, account: str, min_revision: int = 0, *, dry_run: bool = False
    ) -> Evaluation:
        """Judge *account* on its evidence of now."""
        now = self._clock.now()
        evidence = await self._gatherer.evidence(account, min_revision, now)
        return await self.judge(evidence, dry_run=dry_run)

    async def evaluate_many(
        self, accounts: Sequence[str], *, dry_run: bool = False
    ) -> dict[str, Evaluation | ServiceError]:
        """Judge each of *accounts* on its evidence of now; one that fails, alone."""
        known = await self._gatherer.evidence_of_many(accounts, self._clock.now())
        ledgers = await self._store.ledgers(known)
        found: dict[str, Evaluation | ServiceError] = {}
        for number, (account, evidence) in enumerate(known.items()):
            if number % BREATH == 0:
                await asyncio.sleep(0)  # other calls go on meanwhile
            if isinstance(evidence, ServiceError):
                found[account] = evidence
                continue
            try:
                found[account] = await self._judge(evidence, ledgers[account], dry_run)
            except ServiceError as error:
                found[account] = error
        return found

    async def judge(self, evidence: Evidence, *, dry_run: bool = False) -> Evaluation:
        """Judge on *evidence*; where nothing follows, nothing is written."""
        ledger = await self._store.ledger(evidence.account)
        return await self._judge(evidence, ledger, dry_run)

    async def _judge(
        self, evidence: Evidence, ledger: Ledger, dry_run: bool
    ) -> Evaluation:
        rules = await self._rulebook.current()
        now = self._clock.now()
        evidence = await self._lineage.known(evidence)
        if not dry_run and lapsed(ledger.history, rules.live, now):
            await self.settle(evidence.account)
            ledger = await self._store.ledger(evidence.account)
        ruling = judged(evidence, ledger, rules, now)
        measure = ledger.history.measure(ruling.decision)
        if measure is not None:
            return await self._recorded(evidence.account, measure)
        if rules.shadows and not dry_run:
            history = ledger.history
            await self._shadowing.compare(evidence, history, rules, ruling, now)
        if dry_run or recorded_by(ruling, evidence, ledger, rules) is None:
            return Evaluation(changed=False, ruling=ruling)
        return await self._record(evidence, rules, now)

    async def settle(self, account: str) -> None:
        """Record what time has changed: measures that lifted, strikes that expired."""
        rules = await self._rulebook.current()
        now = self._clock.now()

        def plan(ledger: Ledger) -> Effects | None:
            return lapsed(ledger.history, rules.live, now)

        await self._change(account, plan)

    async def erase(self, account: str) -> None:
        """Erase what is kept about *account*, which accounts erased."""
        await self._store.erase(account, self._clock.now())
        self._changed(account)

    async def _record(
        self, evidence: Evidence, rules: Rules, now: datetime
    ) -> Evaluation:
        """Rule again inside the transaction: the log may have grown meanwhile."""

        def plan(ledger: Ledger) -> Effects | None:
            ruling = judged(evidence, ledger, rules, now)
            return recorded_by(ruling, evidence, ledger, rules)

        effects = await self._change(evidence.account, plan)
        if effects is not None and effects.budgets:
            self._rulebook.forget()  # a breaker may have opened
        ledger = await self._store.ledger(evidence.account)
        ruling = judged(evidence, ledger, rules, now)
        measure = ledger.history.measure(ruling.decision)
        if measure is None:
            return Evaluation(changed=False, ruling=ruling)
        recorded = await self._recorded(evidence.account, measure)
        made_now = effects is not None and bool(effects.decisions)
        if made_now:
            self._decided(measure.made)
        return Evaluation(
            changed=made_now, stored=recorded.stored, measure=recorded.measure
        )

    async def _change(self, account: str, plan: Plan) -> Effects | None:
        """Write what *plan* makes of the ledger.

        A write whose outcome never came back may have been kept: what is held in
        memory of the account goes in either case.
        """
        try:
            return await self._store.change(account, plan)
        finally:
            self._changed(account)

    async def _recorded(self, account: str, measure: Measure) -> Evaluation:
        """Return the first answer."""
        decision = measure.made.decision
        stored = await self._store.read(lambda c: decisions.get(c, account, decision))
        if stored is None:  # the account was erased since the ledger was read
            raise NotFound("decision", decision_name(account, decision))
        return Evaluation(changed=False, stored=stored, measure=measure)


def judged(evidence: Evidence, ledger: Ledger, rules: Rules, now: datetime) -> Ruling:
    """Return what the live rules say."""
    return rule(evidence, ledger.history, rules.live, now, rules.switches)


def recorded_by(
    ruling: Ruling, evidence: Evidence, ledger: Ledger, rules: Rules
) -> Effects | None:
    """Return what *ruling* writes; None where nothing follows."""
    return effects_of(ruling, evidence, ledger.history, rules.live, rules.switches)
