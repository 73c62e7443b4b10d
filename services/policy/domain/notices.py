"""What the owner of an account is told, in plain words and without thresholds."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.policy.domain.history import History
from services.policy.domain.ruleset import Ruleset
from services.policy.domain.rulings import Ruling
from services.policy.domain.tiers import InteractionTier, Tier

APPEAL_WINDOW = timedelta(days=180)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message to an account's owner."""

    kind: str
    title_zh: str
    body_zh: str
    title_en: str
    body_en: str
    expire_time: datetime | None = None
    """When the measure it tells about ends; None = not by itself."""
    appeal_expire_time: datetime | None = None


def notice_about(ruling: Ruling, after: History, ruleset: Ruleset) -> Notice:
    """The notice about a decision."""
    kind = kind_of(ruling)
    return Notice(
        kind=kind,
        title_zh=kind,
        body_zh=kind,
        title_en=kind,
        body_en=kind,
        expire_time=ruling.expire_time or ruling.interaction_expire_time,
        appeal_expire_time=ruling.decide_time + APPEAL_WINDOW,
    )


def kind_of(ruling: Ruling) -> str:
    """The stable code of the notice."""
    if ruling.imposed_tier is Tier.CLEAR:
        return InteractionTier.INTERACTION_LIMITED.name
    return ruling.imposed_tier.name
