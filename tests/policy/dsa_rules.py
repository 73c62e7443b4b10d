"""The field rules of the EU DSA Transparency Database, as its public API states them."""

import re
from datetime import date
from typing import Any

from services.policy.domain.dsa import (
    AUTOMATED,
    DEMOTED,
    DISABLED,
    FRAUD,
    KEYWORDS,
    LABELLED,
    PARTIAL,
    TERMS,
)

LIMITS = {
    "incompatible_content_ground": 500,
    "incompatible_content_explanation": 2_000,
    "decision_facts": 5_000,
    "puid": 500,
}
PUID = re.compile(r"[a-zA-Z0-9_-]+")
RESTRICTIONS = ("decision_visibility", "decision_provision", "decision_account")
ENDS = (
    "end_date_visibility_restriction",
    "end_date_service_restriction",
    "end_date_account_restriction",
)
REQUIRED = (
    "decision_ground",
    "incompatible_content_ground",
    "incompatible_content_explanation",
    "content_type",
    "category",
    "content_date",
    "application_date",
    "decision_facts",
    "source_type",
    "automated_detection",
    "automated_decision",
    "puid",
)
ALLOWED = {
    "decision_visibility": {LABELLED, DEMOTED, DISABLED},
    "decision_provision": {PARTIAL},
    "decision_account": {"DECISION_ACCOUNT_SUSPENDED", "DECISION_ACCOUNT_TERMINATED"},
    "account_type": {"ACCOUNT_TYPE_BUSINESS", "ACCOUNT_TYPE_PRIVATE"},
    "decision_ground": {"DECISION_GROUND_INCOMPATIBLE_CONTENT"},
    "incompatible_content_illegal": {"Yes", "No"},
    "content_type": {"CONTENT_TYPE_TEXT", "CONTENT_TYPE_SYNTHETIC_MEDIA"},
    "category": {FRAUD, TERMS},
    "category_specification": set(KEYWORDS.values()),
    "source_type": {"SOURCE_ARTICLE_16", "SOURCE_VOLUNTARY"},
    "automated_detection": {"Yes", "No"},
    "automated_decision": set(AUTOMATED.values()),
}


def problems(body: dict[str, Any]) -> list[str]:
    """What the database would refuse a record for; empty if nothing."""
    found_wrong = [f"{f} is missing" for f in REQUIRED if not body.get(f)]
    if not any(body.get(name) for name in RESTRICTIONS):
        found_wrong.append("names no restriction")
    for name, allowed in ALLOWED.items():
        values = body.get(name, [])
        values = values if isinstance(values, list) else [values]
        found_wrong += [f"{name} may not be {v}" for v in values if v not in allowed]
    for name, most in LIMITS.items():
        if len(body.get(name, "")) > most:
            found_wrong.append(f"{name} has more than {most} characters")
    if not PUID.fullmatch(body.get("puid", "")):
        found_wrong.append("puid has characters that are not allowed")
    begins = date.fromisoformat(body["application_date"])
    for name in ENDS:
        if name in body and date.fromisoformat(body[name]) < begins:
            found_wrong.append(f"{name} is before application_date")
    if begins < date(2020, 1, 1):
        found_wrong.append("application_date is before 2020")
    return found_wrong
