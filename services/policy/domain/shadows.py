"""A ruleset in SHADOW beside the live one: what it would have imposed instead.

Both are asked on the same evidence and the live history. Nothing follows from it.
"""

from dataclasses import dataclass

from services.policy.domain.rulings import Ruling
from services.policy.domain.tiers import InteractionTier, Tier


@dataclass(frozen=True, slots=True)
class Flip:
    """Where two rulesets part: what each imposes on one account at one moment."""

    account: str
    profile_revision: int
    live: Tier
    shadow: Tier
    live_interaction: InteractionTier
    shadow_interaction: InteractionTier


def flip(live: Ruling, shadow: Ruling) -> Flip | None:
    """The difference between two rulings on the same evidence; None for none."""
    found = Flip(
        account=live.account,
        profile_revision=live.profile_revision,
        live=live.imposed_tier,
        shadow=shadow.imposed_tier,
        live_interaction=live.imposed_interaction,
        shadow_interaction=shadow.imposed_interaction,
    )
    same_tier = found.live is found.shadow
    same_track = found.live_interaction is found.shadow_interaction
    return None if same_tier and same_track else found
