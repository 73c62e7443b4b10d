"""What a transparency report counts, out of each account's log and the audits.

A decision counts in the period it was made in, an answer in the period it was given in.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Any

from services.policy.domain.bounds import upper_bound
from services.policy.domain.cases import Case, CaseOutcome, CaseState
from services.policy.domain.events import (
    AppealFiled,
    AppealResolved,
    BanConfirmed,
    BanEscalated,
    DecisionMade,
    DecisionReversed,
    Event,
    NoticeHandedOver,
    Overridden,
)
from services.policy.domain.fold import fold_all
from services.policy.domain.history import Measure
from services.policy.domain.numbers import HOUR
from services.policy.domain.statements import automation
from services.policy.domain.tiers import CaseKind, InteractionTier, Tier


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` on and before `end`."""

    start: datetime
    end: datetime

    def holds(self, time: datetime) -> bool:
        """Whether *time* is within."""
        return self.start <= time < self.end


@dataclass(slots=True)
class Transparency:
    """The counts of one period."""

    period: Period
    tiers: Counter[str] = field(default_factory=Counter)
    grounds: Counter[str] = field(default_factory=Counter)
    automations: Counter[str] = field(default_factory=Counter)
    strategies: Counter[str] = field(default_factory=Counter)
    reversals: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    hours: dict[str, list[float]] = field(default_factory=dict)
    """How long each kind of thing took, in hours."""
    accounts: int = 0
    appeals_filed: int = 0
    bans_escalated: int = 0
    audited: int = 0
    found_wrong: int = 0

    def add(self, log: Sequence[Event]) -> None:
        """Count the whole log of one account."""
        measures = {m.made.decision: m for m in fold_all(log).measures}
        begun = {m.made.decision: m.made.time for m in measures.values()}
        begun |= {e.appeal: e.time for e in log if isinstance(e, AppealFiled)}
        new = [e for e in log if self.period.holds(e.time)]
        # One made again in milder form after a reversal was counted when it was made.
        made = {
            e.decision
            for e in new
            if isinstance(e, DecisionMade | Overridden)
            and not getattr(e, "replaces", "")
        }
        for decision in sorted(made):
            self._decision(measures[decision])
        self.accounts += bool(made)
        for event in new:
            self._change(event, begun)

    def audit(self, case: Case) -> None:
        """Count an audit of a decision, where it was opened within the period."""
        decided = case.state is CaseState.RESOLVED and case.kind is CaseKind.AUDIT
        judged = case.outcome in (CaseOutcome.CONFIRMED, CaseOutcome.REJECTED)
        if decided and judged and self.period.holds(case.create_time):
            self.audited += 1
            self.found_wrong += case.outcome is CaseOutcome.REJECTED

    def _decision(self, measure: Measure) -> None:
        made = measure.made
        self.tiers[tier_of(made)] += 1
        self.grounds[made.ground.name] += 1
        self.automations[automation(made, confirmed=measure.confirmed)] += 1
        self.strategies.update(made.strategies)

    def _change(self, event: Event, begun: Mapping[str, datetime]) -> None:
        match event:
            case NoticeHandedOver():
                self._took("decision to notice", event, begun.get(event.decision))
            case BanConfirmed():
                self._took("ban to confirmation", event, begun.get(event.decision))
            case BanEscalated():
                self.bans_escalated += 1
            case DecisionReversed():
                self.reversals[event.cause.name] += 1
            case AppealFiled():
                self.appeals_filed += 1
            case AppealResolved():
                self.answers[event.outcome.name] += 1
                self._took("appeal to answer", event, begun.get(event.appeal))

    def _took(self, what: str, event: Event, since: datetime | None) -> None:
        if since is not None:
            self.hours.setdefault(what, []).append((event.time - since) / HOUR)

    def record(self) -> dict[str, Any]:
        """The report as plain values."""
        answered = self.answers.total()
        wrong = self.answers["OVERTURNED"]
        return {
            "from": self.period.start.isoformat(),
            "to": self.period.end.isoformat(),
            "decisions": self.tiers.total(),
            "accounts": self.accounts,
            "appeals_filed": self.appeals_filed,
            "appeals_answered": answered,
            "overturned_share": wrong / answered if answered else None,
            "bans_not_confirmed_in_time": self.bans_escalated,
            "audited": self.audited,
            "audited_found_wrong": self.found_wrong,
            "wrongful_share_at_most": upper_bound(self.found_wrong, self.audited),
            "by_tier": rows("tier", self.tiers, ("INTERACTION_LIMITED", *TIERS)),
            "by_ground": rows("ground", self.grounds),
            "by_automation": rows("automation", self.automations),
            "by_strategy": rows("strategy", self.strategies),
            "appeal_outcomes": rows("outcome", self.answers),
            "reversals": rows("cause", self.reversals),
            "median_times": [took_row(*took) for took in sorted(self.hours.items())],
        }


TIERS = tuple(tier.name for tier in Tier)


def tier_of(made: DecisionMade) -> str:
    """What a decision imposed: a tier, or the other track where it imposed none."""
    if made.tier is Tier.CLEAR and made.interaction > InteractionTier.NONE:
        return made.interaction.name
    return made.tier.name


def took_row(what: str, hours: list[float]) -> dict[str, Any]:
    """How long something took, as a row."""
    return {"what": what, "median_hours": round(median(hours), 2), "count": len(hours)}


def rows(
    name: str, counts: Counter[str], order: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """Counts as rows, in a given order or the largest first."""
    known = [key for key in order if counts[key]]
    rest = sorted(counts.keys() - set(known), key=lambda key: (-counts[key], key))
    return [{name: key, "count": counts[key]} for key in (*known, *rest) if counts[key]]
