"""Every number a ruleset may change, with where to begin."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from services.policy.domain.tiers import Tier

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def default_strikes() -> Mapping[int, Tier]:
    """Active strikes -> the mildest tier they lead to."""
    return {
        2: Tier.REACH_LIMITED,
        3: Tier.PUBLISHING_LIMITED,
        4: Tier.PUBLISHING_SUSPENDED,
    }


def default_durations() -> Mapping[Tier, tuple[timedelta, ...]]:
    """Tier -> how long it lasts the first time, the second, and so on."""
    return {
        Tier.NOTICE: (90 * DAY,),
        Tier.WARNING: (90 * DAY,),
        Tier.REACH_LIMITED: (7 * DAY, 14 * DAY),
        Tier.PUBLISHING_LIMITED: (7 * DAY, 14 * DAY),
        Tier.PUBLISHING_SUSPENDED: (30 * DAY,),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """How steps follow each other, and how long they last."""

    step_interval: timedelta = 7 * DAY
    """Least time from the last notice handed over to a step above WARNING."""
    episode_closes_after: timedelta = DAY
    """From a notice handed over to the end of its episode."""
    strike_expires_after: timedelta = 90 * DAY
    notice_repeats_within: timedelta = 90 * DAY
    """A second NOTICE within this becomes a WARNING."""
    strikes: Mapping[int, Tier] = field(default_factory=default_strikes)
    durations: Mapping[Tier, tuple[timedelta, ...]] = field(
        default_factory=default_durations
    )
    repeat_window: timedelta = 365 * DAY
    """How far back earlier measures count for duration and review."""
    suspensions_before_review: int = 2
    """The suspension after this many opens a ban review."""
    interaction_durations: tuple[timedelta, ...] = (DAY, 7 * DAY, 30 * DAY)
    interaction_repeats_within: timedelta = 90 * DAY
    posts_per_day: int = 1
    """Under PUBLISHING_LIMITED."""
    confirm_within: timedelta = 72 * HOUR
    """A provisional ban not confirmed by then is a suspension, and escalates."""
    throwaway_confirmation: bool = True
    """Whether a ban of a throwaway account also waits for a person."""
    throwaway_max_age_days: float = 7.0
    throwaway_min_cluster: int = 10
    max_staleness: timedelta = DAY
    """Older evidence decides nothing."""
    word_holds_for: timedelta = 90 * DAY
    """How long an overturned finding keeps rules away from the account."""

    def strike_tier(self, count: int) -> Tier:
        """The tier *count* active strikes lead to."""
        reached = [tier for least, tier in self.strikes.items() if count >= least]
        return max(reached, default=Tier.WARNING if count else Tier.CLEAR)

    def duration(self, tier: Tier, earlier: int) -> timedelta | None:
        """How long *tier* lasts after *earlier* ones of its kind. None: for good."""
        steps = self.durations.get(tier)
        return steps[min(earlier, len(steps) - 1)] if steps else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Where the rows and columns of the content x operation table begin."""

    own_reliance_upper: float = 0.10
    """At or under it the content is the person's own."""
    some_reliance_lower: float = 0.05
    all_reliance_lower: float = 0.90
    some_posts: int = 2
    all_posts: int = 20
    partly_automation: float = 0.90
    throughout_automation: float = 0.999
    throughout_channels: int = 2
    tool_share: float = 0.90
    """Share of posts, and of interactions, that makes an account tool-run."""
    tool_posts: int = 3
    """Posts through a tool that tell running an account from trying a tool."""
    label_llr: float = 2.94
    """Least log ratio of its own text for which a post is labelled: 19 to 1."""
