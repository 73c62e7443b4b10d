"""Rules and rulesets as values: compiled, checked, and named by their digest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from services.policy.domain.canonical import digest
from services.policy.domain.evidence import Evidence
from services.policy.domain.expressions import FALSE, Battery, Expression
from services.policy.domain.numbers import Bounds, Ladder
from services.policy.domain.tiers import (
    CaseKind,
    EvidenceClass,
    InteractionTier,
    Stage,
    Tier,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of policy: when it holds, and what follows."""

    id: str
    clause: str
    """The clause of the platform's rule that it carries, in plain words."""
    when: str
    needs: tuple[str, ...]
    evidence_class: EvidenceClass
    stage: Stage
    owner: str
    tier: Tier = Tier.CLEAR
    interaction: InteractionTier = InteractionTier.NONE
    case: CaseKind | None = None
    label: bool = False
    """Whether flagged content is labelled."""
    channels_required: tuple[str, ...] = ()
    """Channels that must all speak."""
    min_support: int = 0
    """Least number of eligible posts, or of interactions for INTERACTION rules."""
    budget: int | None = None
    """Most decisions a day before the breaker opens. None: no limit."""


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that holds."""

    rule: str
    clause: str
    tier: Tier
    interaction: InteractionTier = InteractionTier.NONE


@dataclass(frozen=True, slots=True)
class Abstention:
    """A rule that could not be asked, and why."""

    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What all rules say of one piece of evidence, in ruleset order."""

    live: tuple[Rule, ...]
    shadow: tuple[Rule, ...]
    abstained: tuple[Abstention, ...]


@dataclass(frozen=True)
class Ruleset:
    """A named, versioned policy. Equal content has an equal digest, comments aside."""

    name: str
    version: int
    effective_time: datetime
    """Posts before it carry no sanction."""
    rules: tuple[Rule, ...]
    ladder: Ladder = field(default_factory=Ladder)
    bounds: Bounds = field(default_factory=Bounds)

    @cached_property
    def digest(self) -> str:
        """sha256 of the canonical form, 64 hexadecimal digits."""
        return digest(self)

    @cached_property
    def asked(self) -> tuple[Rule, ...]:
        """The rules that are asked at all."""
        return tuple(rule for rule in self.rules if rule.stage is not Stage.DRAFT)

    @cached_property
    def battery(self) -> Battery:
        """Their conditions, compiled. Raises InvalidExpression."""
        return Battery(tuple(Expression(r.when, r.needs) for r in self.asked))

    @cached_property
    def by_id(self) -> Mapping[str, Rule]:
        """Rules by id."""
        return {rule.id: rule for rule in self.rules}

    def ask(self, evidence: Evidence) -> Outcome:
        """Ask every rule; all matches are kept, not only the harshest."""
        speaking = frozenset(evidence.speaking_channels)
        live: list[Rule] = []
        shadow: list[Rule] = []
        abstained: list[Abstention] = []
        opinions = self.battery.ask(evidence)
        for rule, opinion in zip(self.asked, opinions, strict=True):
            if opinion is FALSE:
                continue
            reason = opinion.reason or unmet(rule, evidence, speaking)
            if reason:
                abstained.append(Abstention(rule.id, reason))
            elif rule.stage is Stage.LIVE:
                live.append(rule)
            else:
                shadow.append(rule)
        return Outcome(tuple(live), tuple(shadow), tuple(abstained))


def unmet(rule: Rule, evidence: Evidence, speaking: frozenset[str]) -> str:
    """Why a rule that holds still may not speak; empty if it may."""
    if not speaking.issuperset(rule.channels_required):
        silent = [name for name in rule.channels_required if name not in speaking]
        return f"SILENT: {', '.join(silent)}"
    if not rule.min_support:
        return ""
    if rule.evidence_class is EvidenceClass.INTERACTION:
        support = evidence.interaction_count
    else:
        support = evidence.eligible_posts
    if rule.min_support > (support or 0):
        return f"SUPPORT: {support or 0} of {rule.min_support}"
    return ""
