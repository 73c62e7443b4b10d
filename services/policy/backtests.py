"""Stored history judged by other rules: what would change, and how often wrongly."""

import json
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from services.policy.domain.backtests import (
    Report,
    Tally,
    Window,
    found_wrong,
    report_of,
)
from services.policy.domain.canonical import from_plain
from services.policy.domain.events import AppealFiled, Event
from services.policy.domain.evidence import Evidence
from services.policy.domain.fold import fold_all
from services.policy.domain.judge import rule
from services.policy.domain.names import decision_name
from services.policy.domain.ruleset import Ruleset
from services.policy.domain.rulings import Ruling
from services.policy.domain.switches import DEFAULT
from services.policy.domain.tiers import Decider, Tier
from services.policy.rulebook import Rulebook
from services.policy.storage import decisions, ledgers
from services.policy.storage.decisions import StoredDecision
from services.policy.storage.store import Store
from services.runtime.errors import NotFound

AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a backtest is; the last one carries the report."""

    share: float
    remaining_s: float | None = None
    report: Report | None = None


class Backtester:
    """Judges stored decisions again, each on its own evidence, log and clock."""

    def __init__(self, store: Store, rulebook: Rulebook) -> None:
        self._store = store
        self._rulebook = rulebook

    async def run(
        self, digest: str, window: Window, gate: float | None
    ) -> AsyncIterator[Progress]:
        """Yield how far it is, and at the end what would change. Raises NotFound."""
        ruleset = await self._rulebook.ruleset(digest)
        if ruleset is None:
            raise NotFound("ruleset", f"rulesets/{digest}")
        names = await self._store.read(
            lambda c: decisions.names_within(c, window.start, window.end, None)
        )
        tally, began = Tally(), time.monotonic()
        for place in range(0, len(names), AT_ONCE):
            for account, decision in names[place : place + AT_ONCE]:
                await self._judge(account, decision, ruleset, tally)
            done = min(place + AT_ONCE, len(names)) / len(names)
            spent = time.monotonic() - began
            yield Progress(done, spent / done - spent)
        yield Progress(1.0, 0.0, report_of(tally, window, gate))

    async def _judge(
        self, account: str, decision: str, ruleset: Ruleset, tally: Tally
    ) -> None:
        stored = await self._store.read(lambda c: decisions.get(c, account, decision))
        if stored is None or stored.decider != Decider.RULE:
            return
        log = await self._store.read(lambda c: list(ledgers.entries(c, account)))
        judge_again(stored, [entry.event for entry in log], ruleset, tally)


def judge_again(
    stored: StoredDecision, log: Sequence[Event], ruleset: Ruleset, tally: Tally
) -> None:
    """Judge one decision by *ruleset* and count what comes out."""
    before: Ruling = from_plain(Ruling, json.loads(stored.body))
    evidence: Evidence = from_plain(Evidence, json.loads(stored.evidence))
    history = fold_all(log[: before.history_sequence])
    after = rule(evidence, history, ruleset, before.decide_time, DEFAULT)
    name = decision_name(stored.account, stored.id)
    tally.flip(name, before.imposed_tier, after.imposed_tier)
    if before.imposed_tier > Tier.NOTICE:
        tally.appealable += 1
        filed = (e for e in log if isinstance(e, AppealFiled))
        tally.appealed += any(e.decision == stored.id for e in filed)
    wrong = found_wrong(stored.id, log)
    if wrong is None:
        return
    tally.outcome(before.made(), wrong=wrong)
    if after.imposed_tier is Tier.BANNED:
        tally.ban(evidence, wrong=wrong)
