"""What other rules would have changed, counted: flips, wrongful bans, appeals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.policy.domain.bounds import lower_bound, upper_bound
from services.policy.domain.cases import LARGE_FOLLOWING
from services.policy.domain.events import (
    PERSONS_WORD,
    AppealOutcome,
    AppealResolved,
    BanConfirmed,
    DecisionMade,
    DecisionReversed,
    Event,
)
from services.policy.domain.evidence import Evidence
from services.policy.domain.tiers import Tier

APPEALED_SHARE = 0.1
"""Assumed share of measures above NOTICE that are appealed, until it is measured."""
MEASURED_FROM = 50
"""Measures above NOTICE from which that share is measured."""
FORECAST = timedelta(days=30)
YOUNG_DAYS = 30.0
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
        found.append(f"followers={'>' if large else '<'}{LARGE_FOLLOWING}")
    return found


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
