"""Exact bounds on how often decisions are wrong, and what they allow.

Clopper-Pearson: with `wrong` of `judged` found wrong, the true share is under the upper
bound with the stated confidence, whatever it is.
"""

from dataclasses import dataclass

from scipy.special import betaincinv  # type: ignore[import-untyped,unused-ignore]

from services.policy.domain.tiers import Tier

CONFIDENCE = 0.95


def upper_bound(wrong: int, judged: int, confidence: float = CONFIDENCE) -> float:
    """One-sided upper bound on the wrongful share, in [0, 1]; 1 where none is judged.

    Raises ValueError unless 0 <= wrong <= judged.
    """
    checked(wrong, judged)
    if wrong == judged:
        return 1.0
    return float(betaincinv(wrong + 1, judged - wrong, confidence))


def lower_bound(wrong: int, judged: int, confidence: float = CONFIDENCE) -> float:
    """One-sided lower bound on the wrongful share, in [0, 1]."""
    checked(wrong, judged)
    if wrong == 0:
        return 0.0
    return float(betaincinv(wrong, judged - wrong + 1, 1 - confidence))


def checked(wrong: int, judged: int) -> None:
    """Refuse counts that cannot be."""
    if not 0 <= wrong <= judged:
        raise ValueError(f"{wrong} wrong of {judged} judged cannot be")


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What a rule must have shown before it may impose a tier."""

    max_wrongful: float
    """On the upper bound of the wrongful share."""
    min_judged: int


EARNING: dict[Tier, Requirement] = {
    Tier.REACH_LIMITED: Requirement(max_wrongful=0.05, min_judged=60),
    Tier.PUBLISHING_LIMITED: Requirement(max_wrongful=0.03, min_judged=100),
    Tier.PUBLISHING_SUSPENDED: Requirement(max_wrongful=0.02, min_judged=150),
    Tier.BANNED: Requirement(max_wrongful=0.005, min_judged=600),
}


def earned_tier(wrong: int, judged: int) -> Tier:
    """The harshest tier that measured precision allows; WARNING needs no record.

    A rule whose decisions nobody has judged yet has a record of its own making in
    backtests; whoever turns this gate on decides when it begins to count.
    """
    earned = Tier.WARNING
    for tier, needed in sorted(EARNING.items()):
        enough = judged >= needed.min_judged
        if not enough or upper_bound(wrong, judged) > needed.max_wrongful:
            break
        earned = tier
    return earned
