"""The words policy is written in: tiers, tracks, kinds, stages."""

from enum import IntEnum, StrEnum


class Tier(IntEnum):
    """How hard to act on what an account publishes. A larger tier is never milder."""

    CLEAR = 1
    NOTICE = 2
    WARNING = 3
    REACH_LIMITED = 4
    PUBLISHING_LIMITED = 5
    PUBLISHING_SUSPENDED = 6
    BANNED = 7


class InteractionTier(IntEnum):
    """How hard to act on comments, messages, likes and follows. Its own track."""

    NONE = 1
    INTERACTION_LIMITED = 2


class AccountKind(StrEnum):
    """What an account declares itself to be."""

    PERSON = "PERSON"
    ORGANISATION = "ORGANISATION"
    DECLARED_BOT = "DECLARED_BOT"


class Identifiability(StrEnum):
    """Whether the account's texts allow an estimate of AI reliance."""

    IDENTIFIED = "IDENTIFIED"
    NOT_IDENTIFIABLE = "NOT_IDENTIFIABLE"


class ContentLabel(IntEnum):
    """What GB 45438-2025 lets a platform call content, by the kind of proof."""

    NONE = 0
    SUSPECTED_AI = 1  # a detector says so
    POSSIBLY_AI = 2  # the author declared it
    AI_GENERATED = 3  # the content's metadata says so


class Ground(StrEnum):
    """Which part of the platform's rule a decision rests on."""

    NONE = "NONE"
    AI_CONTENT = "AI_CONTENT"
    HOSTED_ACCOUNT = "HOSTED_ACCOUNT"
    AUTOMATED_INTERACTION = "AUTOMATED_INTERACTION"
    IMPERSONATION = "IMPERSONATION"


class Stage(StrEnum):
    """How far a rule has come: written, watched, or acting."""

    DRAFT = "DRAFT"
    SHADOW = "SHADOW"
    LIVE = "LIVE"


class EvidenceClass(StrEnum):
    """The kind of evidence a rule rests on."""

    CONTENT = "CONTENT"
    OPERATION = "OPERATION"
    CONTENT_AND_OPERATION = "CONTENT_AND_OPERATION"
    INTERACTION = "INTERACTION"
    IDENTITY = "IDENTITY"
    REPORTS = "REPORTS"


class CaseKind(StrEnum):
    """Why a person has to look."""

    BAN_CONFIRMATION = "BAN_CONFIRMATION"
    BAN_REVIEW = "BAN_REVIEW"
    REPORT = "REPORT"
    IMPERSONATION = "IMPERSONATION"
    LINEAGE = "LINEAGE"
    AUDIT = "AUDIT"
    DEAD_LETTER = "DEAD_LETTER"


class Channel(StrEnum):
    """Evidence channels, by what they speak about. See docs/rulesets.md."""

    STYLE = "STYLE"
    TEMPLATE = "TEMPLATE"
    TEMPO = "TEMPO"
    OPERATION = "OPERATION"
    COORDINATION = "COORDINATION"
    PROVENANCE = "PROVENANCE"
    HUMAN = "HUMAN"
    REPORTS = "REPORTS"


class Decider(StrEnum):
    """Whose word a decision is. A person's outranks a rule's."""

    RULE = "RULE"
    PERSON = "PERSON"
    CLOCK = "CLOCK"
