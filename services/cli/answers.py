"""Answers of the suite, as a line of output tells them."""

from typing import TYPE_CHECKING, Any, cast

from services.cli.recordings import EPOCH
from truepen.accounts.v1 import profile_pb2
from truepen.policy.v1 import decisions_pb2

if TYPE_CHECKING:
    from datetime import datetime


def reliance(profile: profile_pb2.Profile) -> dict[str, Any] | None:
    """The 90-day interval; None where it cannot be told."""
    widest = max(profile.reliances, key=lambda r: r.window.seconds, default=None)
    if widest is None or widest.state != profile_pb2.RELIANCE_STATE_IDENTIFIED:
        return None
    return {
        "lower": round(widest.lower, 6),
        "median": round(widest.median, 6),
        "upper": round(widest.upper, 6),
    }


def channels(profile: profile_pb2.Profile) -> dict[str, float | None]:
    """Each channel's capped log ratio; None where it abstains."""
    return {
        channel_name(c.kind): (
            round(c.log_likelihood_ratio, 6)
            if c.state == profile_pb2.CHANNEL_STATE_SPEAKS
            else None
        )
        for c in profile.channels
    }


def channel_name(kind: Any) -> str:
    """Name of a channel, without its prefix; its number where none is known here."""
    if kind not in profile_pb2.ChannelKind.values():
        return str(kind)
    return profile_pb2.ChannelKind.Name(kind).removeprefix("CHANNEL_KIND_")


def decision_line(decision: decisions_pb2.Decision) -> dict[str, Any]:
    """What a line says about one decision."""
    decided: datetime = decision.decide_time.ToDatetime(EPOCH.tzinfo)
    return {
        "decision": decision.name.rpartition("/")[2],
        "time": decided.isoformat(),
        "tier": tier_name(decision.tier),
        "interaction_tier": interaction_name(decision.interaction_tier),
        "reasons": list(decision.reasons),
        "provisional": decision.provisional,
    }


def tier_name(tier: int) -> str:
    """Name of a tier on the ladder, without its prefix."""
    value = cast("decisions_pb2.Tier.ValueType", tier)
    return decisions_pb2.Tier.Name(value).removeprefix("TIER_")


def interaction_name(tier: int) -> str:
    """Name of a step of the interaction track, without its prefix."""
    value = cast("decisions_pb2.InteractionTier.ValueType", tier)
    return decisions_pb2.InteractionTier.Name(value).removeprefix("INTERACTION_TIER_")
