"""A ruling as a value: what follows, why, and why nothing harsher."""

from dataclasses import dataclass
from datetime import datetime

from services.policy.domain.canonical import canonical
from services.policy.domain.events import (
    ContentMark,
    ContentMarked,
    DecisionMade,
    Event,
)
from services.policy.domain.ruleset import Abstention, Match
from services.policy.domain.tiers import (
    CaseKind,
    ContentLabel,
    Ground,
    InteractionTier,
    Tier,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What follows from the evidence, and everything needed to say why."""

    decision: str
    """Id of the decision, recorded or not: 32 hexadecimal digits."""
    account: str
    decide_time: datetime
    profile_revision: int
    evidence_digest: str
    ruleset_digest: str
    model_digests: tuple[str, ...]
    history_sequence: int

    acts: bool
    """Whether a decision is to be recorded and takes effect."""
    tier: Tier
    previous_tier: Tier
    interaction: InteractionTier
    previous_interaction: InteractionTier
    imposed_tier: Tier = Tier.CLEAR
    """What this decision itself imposes; the account may stand under a harsher one."""
    imposed_interaction: InteractionTier = InteractionTier.NONE
    ground: Ground = Ground.NONE
    reasons: tuple[str, ...] = ()
    strategies: tuple[str, ...] = ()
    held_back: tuple[str, ...] = ()
    """Why it is not harsher: stable codes, see docs/policy.md."""
    wait_until: datetime | None = None
    fired: tuple[Match, ...] = ()
    shadow: tuple[Match, ...] = ()
    abstained: tuple[Abstention, ...] = ()
    contents: tuple[ContentMark, ...] = ()
    account_label: ContentLabel = ContentLabel.NONE
    expire_time: datetime | None = None
    interaction_expire_time: datetime | None = None
    strike_expire_time: datetime | None = None
    relied_on: tuple[str, ...] = ()
    provisional: bool = False
    confirm_by: datetime | None = None
    cases: tuple[CaseKind, ...] = ()
    """Cases to open for people, whether or not the ruling acts."""
    cluster: str = ""

    def canonical(self) -> bytes:
        """The bytes that a replay must reproduce."""
        return canonical(self)

    def events(self) -> tuple[Event, ...]:
        """What to append to the log: a decision, labels alone, or nothing."""
        if self.acts:
            return (self.made(),)
        if not self.contents:
            return ()
        marked = ContentMarked(
            time=self.decide_time,
            contents=self.contents,
            profile_revision=self.profile_revision,
        )
        return (marked,)

    def made(self) -> DecisionMade:
        """The decision as the log keeps it."""
        return DecisionMade(
            time=self.decide_time,
            decision=self.decision,
            tier=self.imposed_tier,
            interaction=self.imposed_interaction,
            ground=self.ground,
            reasons=self.reasons,
            rules=tuple(match.rule for match in self.fired),
            strategies=self.strategies,
            contents=self.contents,
            account_label=self.account_label,
            expire_time=self.expire_time,
            interaction_expire_time=self.interaction_expire_time,
            strike_expire_time=self.strike_expire_time,
            relied_on=self.relied_on,
            provisional=self.provisional,
            confirm_by=self.confirm_by,
            profile_revision=self.profile_revision,
            evidence_digest=self.evidence_digest,
            ruleset_digest=self.ruleset_digest,
            model_digests=self.model_digests,
            history_sequence=self.history_sequence,
        )
