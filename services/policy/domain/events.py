"""What may happen to an account. Immutable facts, each with its time.

Nothing is ever changed or removed: a correction is an event that points to what it
corrects.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from services.policy.domain.canonical import canonical, from_plain, to_plain
from services.policy.domain.tiers import (
    ContentLabel,
    Decider,
    Ground,
    InteractionTier,
    Tier,
)


class ReversalCause(StrEnum):
    """Why a decision was found void."""

    APPEAL = "APPEAL"
    OVERRIDE = "OVERRIDE"
    REVIEW = "REVIEW"
    REVERT = "REVERT"  # a ruleset, rule or model was withdrawn
    CASCADE = "CASCADE"  # it relied on one that was reversed


PERSONS_WORD = frozenset(
    {ReversalCause.APPEAL, ReversalCause.OVERRIDE, ReversalCause.REVIEW}
)


class AppealOutcome(StrEnum):
    """What an appeal found, said of the original decision."""

    UPHELD = "UPHELD"
    OVERTURNED = "OVERTURNED"
    REMITTED = "REMITTED"


@dataclass(frozen=True, slots=True)
class ContentMark:
    """What one decision says of one piece of content."""

    content: str
    label: ContentLabel = ContentLabel.NONE
    recommended: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionMade:
    """A rule's, or a person's, decision took effect."""

    time: datetime
    decision: str
    decider: Decider = Decider.RULE
    identity: str = ""
    tier: Tier = Tier.CLEAR
    interaction: InteractionTier = InteractionTier.NONE
    ground: Ground = Ground.NONE
    reasons: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    strategies: tuple[str, ...] = ()
    contents: tuple[ContentMark, ...] = ()
    account_label: ContentLabel = ContentLabel.NONE
    """Of the account as a whole; NONE unless all its content was found AI-made."""
    expire_time: datetime | None = None
    interaction_expire_time: datetime | None = None
    strike_expire_time: datetime | None = None
    """Set where the decision gives a strike; the strike's id is the decision's."""
    relied_on: tuple[str, ...] = ()
    """Earlier decisions without which this one would have been milder."""
    replaces: str = ""
    """The decision it stands in for, recomputed without one that was void."""
    provisional: bool = False
    confirm_by: datetime | None = None
    profile_revision: int = 0
    evidence_digest: str = ""
    ruleset_digest: str = ""
    model_digests: tuple[str, ...] = ()
    history_sequence: int = 0
    """The log as it was when decided, for replay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overridden:
    """A person decided. It ends every measure before it and outranks rules."""

    time: datetime
    decision: str
    tier: Tier
    interaction: InteractionTier = InteractionTier.NONE
    ground: Ground = Ground.NONE
    identity: str
    reason: str
    expire_time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentMarked:
    """Content was labelled without more: one flagged post is only a label."""

    time: datetime
    contents: tuple[ContentMark, ...]
    profile_revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeHandedOver:
    """The notice about a decision reached the platform; waiting times begin."""

    time: datetime
    decision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StrikeExpired:
    """A strike stopped counting. It stays in history."""

    time: datetime
    decision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureLifted:
    """A timed measure lifted itself."""

    time: datetime
    decision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BanConfirmed:
    """A person saw the evidence and confirmed a provisional ban."""

    time: datetime
    decision: str
    identity: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BanEscalated:
    """Nobody confirmed in time: suspended until a person decides."""

    time: datetime
    decision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionReversed:
    """A decision is void from the start, and its strike with it."""

    time: datetime
    decision: str
    cause: ReversalCause
    identity: str = ""
    reason: str = ""
    word_holds_until: datetime | None = None
    """Until when rules stay away after a person found the decision wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealFiled:
    """The person concerned asks whether the finding was right."""

    time: datetime
    appeal: str
    decision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealStayed:
    """The answer is late, so the timed sanction waits."""

    time: datetime
    appeal: str
    decision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealResolved:
    """An independent person answered. REMITTED carries the milder tier."""

    time: datetime
    appeal: str
    decision: str
    outcome: AppealOutcome
    identity: str
    reason: str
    remitted_tier: Tier | None = None
    word_holds_until: datetime | None = None


Event = (
    DecisionMade
    | Overridden
    | ContentMarked
    | NoticeHandedOver
    | StrikeExpired
    | MeasureLifted
    | BanConfirmed
    | BanEscalated
    | DecisionReversed
    | AppealFiled
    | AppealStayed
    | AppealResolved
)
KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in Event.__args__}


def event_json(event: Event) -> str:
    """The event as canonical JSON, its kind under `kind`."""
    body = {"kind": type(event).__name__, "event": to_plain(event)}
    return canonical(body).decode()


def event_of(body: dict[str, Any]) -> Event:
    """Read back `event_json`, already parsed. Raises KeyError on an unknown kind."""
    event: Event = from_plain(KINDS[body["kind"]], body["event"])
    return event
