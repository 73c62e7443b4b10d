"""What a decision is based on: flat, typed, frozen. Unknown is None, never zero.

Every field or property that a rule may name stands in `variables.VARIABLES`.
"""

import math
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from services.policy.domain.canonical import canonical, digest
from services.policy.domain.tiers import (
    AccountKind,
    Channel,
    ContentLabel,
    Identifiability,
)

DAY = timedelta(days=1)
PERSON_SEEN_WITHIN = timedelta(days=14)
LATER = frozenset({"language", "device_keys", "network_keys"})
PROBABILITIES = frozenset(
    {
        "reliance_lower",
        "reliance_median",
        "reliance_upper",
        "reliance_30d_lower",
        "reliance_30d_median",
        "reliance_30d_upper",
        "probability_none",
        "automation",
        "interaction_automation",
        "tool_post_share",
        "tool_interaction_share",
        "scheduler_share",
        "typed_share",
    }
)


@dataclass(frozen=True, slots=True, order=True)
class FlaggedContent:
    """One post that gave evidence, and what the law lets us call it."""

    event_time: datetime
    activity: str
    label: ContentLabel
    log_likelihood_ratio: float = 0.0
    """Of its text alone, natural log, capped; 0 where not scored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known about one account at one moment.

    Probabilities and shares are in [0, 1]; one outside, or not finite, becomes None,
    because a number that cannot be right is no evidence. `*_llr` are natural-log
    likelihood ratios, above 0 for automation or AI, below 0 for a person; None where
    the channel abstains. Unprefixed reliance is over 90 days of the current ownership
    epoch. Sequences are kept sorted, so that equal evidence has equal bytes.
    """

    account: str
    profile_revision: int
    as_of_time: datetime

    account_kind: AccountKind = AccountKind.PERSON
    language: str = ""
    """Main language, BCP 47; empty = unknown. For strata, not for rules."""
    protected: bool = False
    account_age_days: float | None = None
    follower_count: int | None = None
    ownership_epoch: int = 0
    activity_count: int | None = None
    cluster: str = ""
    cluster_size: int | None = None
    device_keys: tuple[str, ...] = ()
    """Keyed hashes of the devices of the present owner; no rule may name them."""
    network_keys: tuple[str, ...] = ()
    banned_lineage: bool | None = None
    """A device or network of the account is that of a banned one."""

    reliance_state: Identifiability = Identifiability.NOT_IDENTIFIABLE
    reliance_lower: float | None = None
    reliance_median: float | None = None
    reliance_upper: float | None = None
    reliance_30d_state: Identifiability = Identifiability.NOT_IDENTIFIABLE
    reliance_30d_lower: float | None = None
    reliance_30d_median: float | None = None
    reliance_30d_upper: float | None = None
    probability_none: float | None = None
    eligible_posts: int | None = None
    flagged_posts: int | None = None
    hard_posts: int | None = None

    automation: float | None = None
    automation_channels: tuple[str, ...] = ()
    speaking_channels: tuple[str, ...] = ()
    operation_hard: bool | None = None
    registered_by_tool: bool | None = None
    tool_post_share: float | None = None
    tool_interaction_share: float | None = None
    tool_post_count: int | None = None
    tool_interaction_count: int | None = None
    scheduler_share: float | None = None
    last_person_time: datetime | None = None

    interaction_automation: float | None = None
    interaction_count: int | None = None
    interaction_channels: tuple[str, ...] = ()
    interaction_strategies: tuple[str, ...] = ()

    style_llr: float | None = None
    template_llr: float | None = None
    tempo_llr: float | None = None
    operation_llr: float | None = None
    coordination_llr: float | None = None
    provenance_llr: float | None = None
    human_llr: float | None = None
    typed_share: float | None = None
    same_voice: bool | None = None

    report_count: int | None = None
    independent_report_count: int | None = None
    report_weight: float | None = None

    pending_text_count: int | None = None
    last_event_time: datetime | None = None
    flagged_contents: tuple[FlaggedContent, ...] = ()
    staleness_seconds: float | None = None
    model_digests: tuple[str, ...] = ()
    reference_version: str = ""

    def __post_init__(self) -> None:
        """Turn impossible numbers into None and order what is a set."""
        for name in _NAMES:
            value = getattr(self, name)
            if isinstance(value, float):
                if not possible(name, value):
                    object.__setattr__(self, name, None)
            elif value and isinstance(value, tuple):
                object.__setattr__(self, name, tuple(sorted(set(value))))

    @property
    def operation_speaks(self) -> bool:
        """Whether the OPERATION channel backs the automation posterior."""
        return Channel.OPERATION in self.automation_channels

    @property
    def automation_channel_count(self) -> int:
        """How many independent channels back the automation posterior."""
        return len(self.automation_channels)

    @property
    def speaking_channel_count(self) -> int:
        """How many independent channels speak against the account."""
        return len(self.speaking_channels)

    @property
    def interaction_channel_count(self) -> int:
        """How many independent channels back the interaction posterior."""
        return len(self.interaction_channels)

    @property
    def backed_posts(self) -> int | None:
        """Posts that speak for AI by themselves: by their own text or by facts."""
        known = [n for n in (self.flagged_posts, self.hard_posts) if n is not None]
        return max(known, default=None)

    @property
    def person_seen(self) -> bool:
        """A person was shown present in the last 14 days; unknown counts as no."""
        seen = self.last_person_time
        return seen is not None and self.as_of_time - seen <= PERSON_SEEN_WITHIN

    @property
    def last_flagged_time(self) -> datetime | None:
        """When the latest post that gave evidence was published."""
        return self.flagged_contents[-1].event_time if self.flagged_contents else None

    def canonical(self) -> bytes:
        """The frozen bytes a decision stores."""
        return canonical(self._plain())

    def digest(self) -> str:
        """sha256 of `canonical()`, hexadecimal."""
        return digest(self._plain())

    def _plain(self) -> dict[str, Any]:
        """The fields; one that came later is left out while it says nothing.

        So what was frozen before it came keeps its bytes.
        """
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        return {k: v for k, v in plain.items() if v or k not in LATER}


_NAMES = tuple(field.name for field in fields(Evidence))


def possible(name: str, value: float) -> bool:
    """Whether *value* can be what field *name* measures."""
    if not math.isfinite(value):
        return False
    return name not in PROBABILITIES or 0.0 <= value <= 1.0
