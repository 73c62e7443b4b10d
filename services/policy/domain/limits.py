"""What keeps a ruling from being harsher, apart from waiting times.

Each limit has a stable code, which the decision names in `held_back`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from services.policy.domain.evidence import Evidence
from services.policy.domain.matrix import cap
from services.policy.domain.ruleset import Rule, Ruleset
from services.policy.domain.switches import Switches
from services.policy.domain.tiers import AccountKind, CaseKind, Tier

REVIEWED = frozenset(
    {"breaker", "unearned", "no_hard_facts", "no_operation_evidence", "organisation"}
)


@dataclass(frozen=True, slots=True)
class Limited:
    """The tier rules ask for, after every cap."""

    tier: Tier
    cap: Tier
    held_back: tuple[str, ...]
    cases: frozenset[CaseKind]
    urgent: bool


def limited(
    fired: Iterable[Rule], evidence: Evidence, ruleset: Ruleset, switches: Switches
) -> Limited:
    """Cap what *fired* asks for by the table, the account's kind and the breakers."""
    fired = tuple(fired)
    asked = max((rule.tier for rule in fired), default=Tier.CLEAR)
    codes: list[str] = []
    tier = Tier.CLEAR
    for rule in fired:
        allowed, code = guarded(rule, switches)
        tier = max(tier, allowed)
        codes += [code] if code else []
    top, name = cap(evidence, ruleset.bounds)
    top, by_kind = capped_by_kind(top, evidence)
    codes += [name] if tier > top and not by_kind else []
    codes += [by_kind] if tier > top and by_kind else []
    cases = {rule.case for rule in fired if rule.case}
    points_to_ban = asked is Tier.BANNED and min(tier, top) < Tier.BANNED
    if points_to_ban and REVIEWED.intersection(codes):
        cases.add(CaseKind.BAN_REVIEW)
    if evidence.protected and asked > Tier.WARNING:
        cases.add(CaseKind.BAN_REVIEW)
    tier = min(tier, top)
    urgent = asked is Tier.BANNED and tier >= Tier.PUBLISHING_SUSPENDED
    return Limited(
        tier=tier,
        cap=top,
        held_back=tuple(dict.fromkeys(codes)),
        cases=frozenset(cases),
        urgent=urgent or evidence.operation_hard is True,
    )


def guarded(rule: Rule, switches: Switches) -> tuple[Tier, str]:
    """The tier a rule may impose now: a breaker makes it milder, never nothing."""
    code = ""
    if rule.id in switches.open_rules or rule.tier in switches.open_tiers:
        code = "breaker"
    elif rule.tier > switches.earned.get(rule.id, Tier.BANNED):
        code = "unearned"
    if not code or rule.tier <= Tier.WARNING:
        return rule.tier, ""
    held = Tier.PUBLISHING_SUSPENDED if rule.tier is Tier.BANNED else Tier.WARNING
    return held, code


def capped_by_kind(top: Tier, evidence: Evidence) -> tuple[Tier, str]:
    """Who stands behind the account limits what may happen without a person."""
    if evidence.protected:
        return Tier.CLEAR, "protected"
    if evidence.account_kind is AccountKind.DECLARED_BOT:
        return Tier.CLEAR, "declared_bot"
    if evidence.account_kind is AccountKind.ORGANISATION and top is Tier.BANNED:
        return Tier.PUBLISHING_SUSPENDED, "organisation"
    return top, ""
