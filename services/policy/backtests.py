"""Stored history judged by other rules: what would change, and how often wrongly."""

import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.policy.domain.bounds import lower_bound, upper_bound
from services.policy.domain.canonical import from_plain
from services.policy.domain.events import (
    PERSONS_WORD,
    AppealFiled,
    AppealOutcome,
    AppealResolved,
    BanConfirmed,
    DecisionMade,
    DecisionReversed,
    Event,
)
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
"""Assumed share of measures above NOTICE that are appealed, until it is measured."""
MEASURED_FROM = 50
"""Measures above NOTICE from which that share is measured."""
FORECAST = timedelta(days=30)
YOUNG_DAYS = 30.0
LARGE_FOLLOWING = 10_000
ALL = "all"


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

    @property
    def lower(self) -> float:
        """In [0, 1]: the wrongful share is surely above it."""
        return lower_bound(self.wrongful, self.labelled)


@dataclass(slots=True)
class Record:
    """How often people judged something, and found it wrong."""

    judged: int = 0
    wrong: int = 0

    def add(self, *, wrong: bool) -> None:
        """Count one judgement."""
        self.judged += 1
        self.wrong += wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a ruleset would have changed."""

    decision_count: int
    flips: Mapping[tuple[Tier, Tier], Sequence[str]]
    bounds: Sequence[Bound]
    appeal_forecast: float
    """Appeals to be expected for each 30 days."""
    appealed_share: float
    """Of measures above NOTICE, measured or assumed."""
    precision: Mapping[str, Record]
    """What people found about the decisions of each rule."""
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
    appealable: int = 0
    appealed: int = 0
    flips: dict[tuple[Tier, Tier], list[str]] = field(default_factory=dict)
    bans: dict[str, Record] = field(default_factory=lambda: {ALL: Record()})
    rules: dict[str, Record] = field(default_factory=dict)

    def flip(self, name: str, before: Tier, after: Tier) -> None:
        """Count one decision by what it imposed and what it would impose."""
        self.examined += 1
        self.sanctioned += after > Tier.NOTICE
        if before != after:
            self.flips.setdefault((before, after), []).append(name)

    def ban(self, evidence: Evidence, *, wrong: bool) -> None:
        """Count a ban about which a person has decided."""
        for stratum in strata_of(evidence):
            self.bans.setdefault(stratum, Record()).add(wrong=wrong)

    def outcome(self, made: DecisionMade, *, wrong: bool) -> None:
        """Count what a person found for each rule that had fired."""
        for name in made.rules:
            self.rules.setdefault(name, Record()).add(wrong=wrong)

    @property
    def appealed_share(self) -> float:
        """Of measures above NOTICE, those that were appealed."""
        if self.appealable < MEASURED_FROM:
            return APPEALED_SHARE
        return self.appealed / self.appealable


def strata_of(evidence: Evidence) -> list[str]:
    """The groups of accounts that one is counted in."""
    age, followers = evidence.account_age_days, evidence.follower_count
    found = [ALL]
    if evidence.language:
        found.append(f"language={evidence.language.partition('-')[0]}")
    if age is not None:
        found.append("account_age=<30d" if age < YOUNG_DAYS else "account_age=>30d")
    if followers is not None:
        large = followers > LARGE_FOLLOWING
        found.append("followers=>10000" if large else "followers=<10000")
    return found


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


def found_wrong(decision: str, log: Sequence[Event]) -> bool | None:
    """What people found about a decision in the end; None where nobody judged it."""
    found = None
    for event in log:
        if getattr(event, "decision", "") != decision:
            continue
        match event:
            case BanConfirmed():
                found = False
            case DecisionReversed() if event.cause in PERSONS_WORD:
                found = True
            case AppealResolved():
                found = event.outcome is AppealOutcome.OVERTURNED
    return found


def report_of(tally: Tally, window: Window, gate: float | None) -> Report:
    """Return the report.

    The gate asks that the bound over all bans is within it, and that no stratum is
    surely beyond it: few bans of a small group cannot show that it is safe, but they
    can show that it is not.
    """
    bounds = [Bound(s, r.judged, r.wrong) for s, r in sorted(tally.bans.items())]
    share = (window.end - window.start) / FORECAST
    whole = next(bound for bound in bounds if bound.stratum == ALL)
    return Report(
        decision_count=tally.examined,
        flips=tally.flips,
        bounds=bounds,
        appeal_forecast=tally.appealed_share * tally.sanctioned / share,
        appealed_share=tally.appealed_share,
        precision=tally.rules,
        passed=gate is None
        or (whole.upper <= gate and all(bound.lower <= gate for bound in bounds)),
    )
