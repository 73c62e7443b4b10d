"""Stored history judged by other rules: what would change, and how often wrongly."""

import json
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.policy.domain.bounds import upper_bound
from services.policy.domain.canonical import from_plain
from services.policy.domain.events import Event
from services.policy.domain.evidence import Evidence
from services.policy.domain.fold import fold_all
from services.policy.domain.ruleset import Ruleset
from services.policy.domain.ruling import rule
from services.policy.domain.rulings import Ruling
from services.policy.domain.switches import DEFAULT
from services.policy.domain.tiers import Decider, Tier
from services.policy.rulebook import Rulebook
from services.policy.storage import decisions, ledgers
from services.policy.storage.decisions import StoredDecision
from services.policy.storage.store import Store
from services.runtime.errors import NotFound

AT_ONCE = 100
APPEALED_SHARE = 0.1
"""Assumed share of decisions above NOTICE that are appealed, until it is measured."""
FORECAST = timedelta(days=30)
YOUNG_DAYS = 30.0
LARGE_FOLLOWING = 10_000
STRATA: Mapping[str, Callable[[Evidence], bool]] = {
    "all": lambda evidence: True,
    "account_age=<30d": lambda e: (e.account_age_days or YOUNG_DAYS) < YOUNG_DAYS,
    "followers=>10000": lambda e: (e.follower_count or 0) > LARGE_FOLLOWING,
}


@dataclass(frozen=True, slots=True)
class Window:
    """Decisions made from `start` on and before `end`."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Bound:
    """An exact one-sided 95 % bound on the wrongful share of a stratum's bans."""

    stratum: str
    labelled: int
    wrongful: int

    @property
    def upper(self) -> float:
        """In [0, 1]; 1 where nothing is known."""
        return upper_bound(self.wrongful, self.labelled)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a ruleset would have changed."""

    decision_count: int
    flips: Mapping[tuple[Tier, Tier], Sequence[str]]
    bounds: Sequence[Bound]
    appeal_forecast: float
    """Appeals to be expected for each 30 days."""
    passed: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a backtest is; the last one carries the report."""

    share: float
    remaining_s: float | None = None
    report: Report | None = None


@dataclass(slots=True)
class Tally:
    """What was counted so far."""

    examined: int = 0
    sanctioned: int = 0
    flips: dict[tuple[Tier, Tier], list[str]] = field(default_factory=dict)
    labelled: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STRATA, 0))
    wrongful: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STRATA, 0))

    def flip(self, name: str, before: Tier, after: Tier) -> None:
        """Count one decision by what it imposed and what it would impose."""
        self.examined += 1
        self.sanctioned += after > Tier.NOTICE
        if before != after:
            self.flips.setdefault((before, after), []).append(name)

    def label(self, evidence: Evidence, *, wrong: bool) -> None:
        """Count a ban about which a person has decided."""
        for stratum, holds in STRATA.items():
            if holds(evidence):
                self.labelled[stratum] += 1
                self.wrongful[stratum] += wrong


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
    name = f"accounts/{stored.account}/decisions/{stored.id}"
    tally.flip(name, before.imposed_tier, after.imposed_tier)
    measure = fold_all(log).measure(stored.id)
    known = measure is not None and (measure.confirmed or measure.reversed)
    if after.imposed_tier is Tier.BANNED and measure is not None and known:
        tally.label(evidence, wrong=measure.reversed)


def report_of(tally: Tally, window: Window, gate: float | None) -> Report:
    """Return the report; the gate looks at the bound over all strata together."""
    bounds = [Bound(s, tally.labelled[s], tally.wrongful[s]) for s in STRATA]
    share = (window.end - window.start) / FORECAST
    return Report(
        decision_count=tally.examined,
        flips=tally.flips,
        bounds=bounds,
        appeal_forecast=APPEALED_SHARE * tally.sanctioned / share,
        passed=gate is None or bounds[0].upper <= gate,
    )
