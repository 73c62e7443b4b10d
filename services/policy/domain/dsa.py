"""A decision as the EU DSA Transparency Database takes it.

Field names, values and limits follow the database's public API, version 1, with the
categories in force since July 2025. A record carries no personal data: no account, no
content, no text of a person.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from services.policy.domain.events import DecisionMade
from services.policy.domain.notices import found
from services.policy.domain.statements import automation, ground_of, measures
from services.policy.domain.tiers import (
    AccountKind,
    ContentLabel,
    Ground,
    InteractionTier,
    Tier,
)

LABELLED = "DECISION_VISIBILITY_CONTENT_LABELLED"
DEMOTED = "DECISION_VISIBILITY_CONTENT_DEMOTED"
DISABLED = "DECISION_VISIBILITY_CONTENT_DISABLED"
VISIBILITY = {
    Tier.CLEAR: [],
    Tier.NOTICE: [LABELLED],
    Tier.WARNING: [DEMOTED, LABELLED],
    Tier.REACH_LIMITED: [DEMOTED],
    Tier.PUBLISHING_LIMITED: [DEMOTED],
    Tier.PUBLISHING_SUSPENDED: [DEMOTED],
    Tier.BANNED: [DISABLED],
}
PARTIAL = "DECISION_PROVISION_PARTIAL_SUSPENSION"
AUTOMATED = {
    "RULE": "AUTOMATED_DECISION_FULLY",
    "CONFIRMED": "AUTOMATED_DECISION_PARTIALLY",
    "PERSON": "AUTOMATED_DECISION_NOT_AUTOMATED",
}
FRAUD = "STATEMENT_CATEGORY_SCAMS_AND_FRAUD"
TERMS = "STATEMENT_CATEGORY_OTHER_VIOLATION_TC"
KEYWORDS = {
    Ground.HOSTED_ACCOUNT: "KEYWORD_INAUTHENTIC_ACCOUNTS",
    Ground.AUTOMATED_INTERACTION: "KEYWORD_INAUTHENTIC_ACCOUNTS",
    Ground.IMPERSONATION: "KEYWORD_IMPERSONATION_ACCOUNT_HIJACKING",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the decision itself does not hold."""

    content_time: datetime
    """When the content concerned was published: the latest of it."""
    account_kind: AccountKind = AccountKind.PERSON
    confirmed: bool = False
    """A person has confirmed a provisional ban."""
    reported: bool = False
    """A user's report led to it."""


def record(made: DecisionMade, context: Context) -> dict[str, Any]:
    """The record of *made*. Fields that do not apply are left out."""
    organisation = context.account_kind is AccountKind.ORGANISATION
    facts = f"{found(made.reasons, made.strategies).en} {measures(made).en}"
    body: dict[str, Any] = {
        **restrictions(made, confirmed=context.confirmed),
        "account_type": f"ACCOUNT_TYPE_{'BUSINESS' if organisation else 'PRIVATE'}",
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "incompatible_content_ground": "Rule on AI-hosted accounts",
        "incompatible_content_explanation": ground_of(made).en,
        "incompatible_content_illegal": "No",
        "content_type": content_types(made),
        "category": FRAUD if made.ground in KEYWORDS else TERMS,
        "content_date": day(context.content_time),
        "application_date": day(made.time),
        "decision_facts": facts,
        "source_type": "SOURCE_ARTICLE_16" if context.reported else "SOURCE_VOLUNTARY",
        "automated_detection": "Yes",
        "automated_decision": AUTOMATED[automation(made, confirmed=context.confirmed)],
        "puid": made.decision,
    }
    if made.ground in KEYWORDS:
        body["category_specification"] = [KEYWORDS[made.ground]]
    return body


def restrictions(made: DecisionMade, *, confirmed: bool) -> dict[str, Any]:
    """What was restricted, and until when."""
    body: dict[str, Any] = {}
    if VISIBILITY[made.tier]:
        body["decision_visibility"] = VISIBILITY[made.tier]
    if made.tier in (Tier.PUBLISHING_LIMITED, Tier.PUBLISHING_SUSPENDED):
        body["decision_provision"] = PARTIAL
    if made.tier is Tier.BANNED:
        final = confirmed or not made.provisional
        name = "TERMINATED" if final else "SUSPENDED"
        body["decision_account"] = f"DECISION_ACCOUNT_{name}"
    service_ends = made.expire_time
    if made.interaction > InteractionTier.NONE:
        body["decision_provision"] = PARTIAL
        ends = [t for t in (made.expire_time, made.interaction_expire_time) if t]
        service_ends = max(ends, default=None)
    if "decision_visibility" in body and made.expire_time:
        body["end_date_visibility_restriction"] = day(made.expire_time)
    if "decision_provision" in body and service_ends:
        body["end_date_service_restriction"] = day(service_ends)
    return body


def content_types(made: DecisionMade) -> list[str]:
    """Text, and synthetic media where the content's own metadata says so."""
    marked = any(m.label is ContentLabel.AI_GENERATED for m in made.contents)
    return ["CONTENT_TYPE_SYNTHETIC_MEDIA"] * marked + ["CONTENT_TYPE_TEXT"]


def day(time: datetime) -> str:
    """The date in UTC."""
    return time.astimezone(UTC).date().isoformat()
