"""What people's findings say is true about an account, for accounts to learn from."""

from dataclasses import dataclass
from enum import StrEnum

from services.policy.domain.appeals import AppealGround
from services.policy.domain.cases import CaseOutcome
from services.policy.domain.events import AppealOutcome, DecisionMade
from services.policy.domain.tiers import CaseKind, InteractionTier, Tier

JUDGED = frozenset({CaseKind.BAN_CONFIRMATION, CaseKind.BAN_REVIEW, CaseKind.AUDIT})
ABOUT_TRUTH = frozenset({AppealGround.WRONG_FINDING, AppealGround.NEW_EVIDENCE})


class Truth(StrEnum):
    """What was found to be true about an account."""

    PERSON = "PERSON"
    OCCASIONALLY_HOSTED = "OCCASIONALLY_HOSTED"
    HOSTED = "HOSTED"
    INTERACTION_BOT = "INTERACTION_BOT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One finding about one account."""

    key: str
    """The appeal or case it comes from: told twice, it counts once."""
    truth: Truth
    source: str
    decision: str
    """Resource name of the decision that was looked at."""


def claimed_by(made: DecisionMade) -> Truth:
    """What a decision says of the account, where a person found it right."""
    if made.tier is Tier.BANNED:
        return Truth.HOSTED
    if made.tier is Tier.CLEAR and made.interaction > InteractionTier.NONE:
        return Truth.INTERACTION_BOT
    return Truth.OCCASIONALLY_HOSTED


def found_by_appeal(
    outcome: AppealOutcome, ground: AppealGround, made: DecisionMade
) -> Truth | None:
    """What an answered appeal says; None where it was not about the finding.

    A stolen account was run by whoever stole it, and a measure that was too hard
    says nothing of who writes.
    """
    if ground not in ABOUT_TRUTH:
        return None
    if outcome is AppealOutcome.OVERTURNED:
        return Truth.PERSON
    if outcome is AppealOutcome.REMITTED:
        return Truth.OCCASIONALLY_HOSTED
    return claimed_by(made)


def found_by_case(
    kind: CaseKind, outcome: CaseOutcome | None, made: DecisionMade | None
) -> Truth | None:
    """What a decided case says of one account; None where it cannot tell."""
    if kind not in JUDGED:
        return None
    if outcome is CaseOutcome.REJECTED:
        return Truth.PERSON
    if outcome is not CaseOutcome.CONFIRMED:
        return None
    if kind is not CaseKind.AUDIT:
        return Truth.HOSTED
    return claimed_by(made) if made else None
