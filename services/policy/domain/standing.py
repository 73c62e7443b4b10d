"""How an account stands: what its history means to publishing and ranking."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.policy.domain.history import History, Measure
from services.policy.domain.lapses import next_lapse
from services.policy.domain.numbers import Ladder
from services.policy.domain.tiers import ContentLabel, InteractionTier, Tier

READ_ONLY = frozenset({Tier.PUBLISHING_SUSPENDED, Tier.BANNED})


@dataclass(frozen=True, slots=True)
class Reach:
    """Reach on each surface, in [0, 1]: 1 = as usual, 0 = not shown there."""

    recommendation: float = 1.0
    search: float = 1.0
    followers: float = 1.0


NOT_RECOMMENDED = Reach(recommendation=0.0, search=0.5)
NOWHERE = Reach(0.0, 0.0, 0.0)
REACH = {
    Tier.REACH_LIMITED: NOT_RECOMMENDED,
    Tier.PUBLISHING_LIMITED: NOT_RECOMMENDED,
    Tier.PUBLISHING_SUSPENDED: NOT_RECOMMENDED,
    Tier.BANNED: NOWHERE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What an account may do now, and until when."""

    tier: Tier = Tier.CLEAR
    interaction: InteractionTier = InteractionTier.NONE
    can_publish: bool = True
    can_interact: bool = True
    """Comment, message, like and follow."""
    posts_per_day: int | None = None
    """None: not limited."""
    reach: Reach = Reach()
    label: ContentLabel = ContentLabel.NONE
    provisional: bool = False
    expire_time: datetime | None = None
    """When the present measure lifts itself; None = not by itself."""
    decision: str = ""
    active_strike_count: int = 0
    update_time: datetime | None = None
    due: datetime | None = None
    """When time changes it next; None = never."""


def standing_of(history: History, now: datetime, ladder: Ladder) -> Standing:
    """The standing at *now* of an account with this *history*."""
    measure = history.standing_measure(now)
    tier = history.tier(now)
    interaction = history.interaction(now)
    read_only = tier in READ_ONLY
    limited = interaction > InteractionTier.NONE
    return Standing(
        tier=tier,
        interaction=interaction,
        can_publish=not read_only,
        can_interact=not read_only and not limited,
        posts_per_day=ladder.posts_per_day if tier is Tier.PUBLISHING_LIMITED else None,
        reach=REACH.get(tier, Reach()),
        label=label_of(measure, tier),
        provisional=bool(measure and provisional(measure)),
        expire_time=lifts_at(measure, history, now),
        decision=measure.made.decision if measure else limiting(history, now),
        active_strike_count=len(history.strikes(now)),
        update_time=history.update_time,
        due=next_lapse(history, now),
    )


def label_of(measure: Measure | None, tier: Tier) -> ContentLabel:
    """The label on all the account publishes, where the decision in force says so.

    Single posts carry labels of their own, whatever the account's is.
    """
    if measure is None or tier < Tier.WARNING:
        return ContentLabel.NONE
    return measure.made.account_label


def provisional(measure: Measure) -> bool:
    """Whether it is a ban that no person has confirmed yet."""
    return measure.made.provisional and not measure.confirmed


def lifts_at(
    measure: Measure | None, history: History, now: datetime
) -> datetime | None:
    """When the present measure lifts itself; an unconfirmed ban does not."""
    if measure is not None:
        banned = measure.tier is Tier.BANNED
        return None if banned else measure.made.expire_time
    ends = (
        m.made.interaction_expire_time
        for m in history.measures
        if m.interaction_at(now) > InteractionTier.NONE
    )
    return max((end for end in ends if end is not None), default=None)


def limiting(history: History, now: datetime) -> str:
    """The decision that limits interaction; empty = none."""
    for measure in reversed(history.measures):
        if measure.interaction_at(now) > InteractionTier.NONE:
            return measure.made.decision
    return ""


def resets_at(now: datetime) -> datetime:
    """When a daily allowance starts anew: the next midnight, UTC."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return day + timedelta(days=1)
