"""A profile, as accounts tells it, becomes the evidence that rules are asked about."""

from datetime import datetime, timedelta
from typing import Any

from google.protobuf.message import Message

from services.policy.convert.times import from_timestamp, time_or_none
from services.policy.domain.evidence import Evidence, FlaggedContent
from services.policy.domain.tiers import AccountKind, ContentLabel, Identifiability
from truepen.accounts.v1 import profile_pb2 as pb

DAY = timedelta(days=1)
LONG_WINDOW = 90 * DAY
SHORT_WINDOW = 30 * DAY
RATIOS = (
    "STYLE",
    "TEMPLATE",
    "TEMPO",
    "OPERATION",
    "COORDINATION",
    "PROVENANCE",
    "HUMAN",
)
KINDS = {
    pb.ACCOUNT_KIND_UNSPECIFIED: AccountKind.PERSON,
    pb.ACCOUNT_KIND_PERSON: AccountKind.PERSON,
    pb.ACCOUNT_KIND_ORGANISATION: AccountKind.ORGANISATION,
    pb.ACCOUNT_KIND_DECLARED_BOT: AccountKind.DECLARED_BOT,
}
CHANNELS = {
    number: name.removeprefix("CHANNEL_KIND_")
    for name, number in pb.ChannelKind.items()
}
STATES = {
    pb.RELIANCE_STATE_IDENTIFIED: Identifiability.IDENTIFIED,
    pb.RELIANCE_STATE_NOT_IDENTIFIABLE: Identifiability.NOT_IDENTIFIABLE,
}
LABELS = {
    "AIGC_LABEL": ContentLabel.AI_GENERATED,
    "DECLARED_AI": ContentLabel.POSSIBLY_AI,
    "HARD_FACTS": ContentLabel.POSSIBLY_AI,
}
"""What a reason of an item itself lets us call it; everything else is suspicion."""


def evidence_of(profile: pb.Profile, now: datetime) -> Evidence:
    """Freeze what *profile* says. What it leaves open stays None."""
    facts, voice = profile.facts, profile.own_voice
    llrs = spoken(profile)
    ratios: dict[str, Any] = {f"{name.lower()}_llr": llrs.get(name) for name in RATIOS}
    as_of = time_or_none(profile, "as_of_time") or now
    created = time_or_none(facts, "account_create_time")
    return Evidence(
        account=profile.name.split("/")[1],
        profile_revision=profile.revision,
        as_of_time=as_of,
        account_kind=KINDS.get(facts.kind, AccountKind.PERSON),
        language=facts.language,
        protected=facts.protected,
        account_age_days=None if created is None else (as_of - created) / DAY,
        follower_count=optional(facts, "follower_count"),
        ownership_epoch=profile.ownership_epoch,
        activity_count=profile.activity_count,
        cluster=profile.cluster,
        cluster_size=optional(profile, "cluster_size"),
        device_keys=tuple(profile.device_keys),
        network_keys=tuple(profile.network_keys),
        **long_reliance(profile),
        **short_reliance(profile),
        **automation_of(profile),
        **tools_of(profile.operation),
        last_person_time=last_person_time(profile),
        speaking_channels=tuple(n for n, llr in llrs.items() if llr > 0),
        **ratios,
        typed_share=optional(voice, "typed_share"),
        same_voice=optional(voice, "same_voice"),
        report_count=profile.reports.report_count,
        independent_report_count=profile.reports.independent_count,
        report_weight=profile.reports.weight,
        pending_text_count=profile.pending_text_count,
        last_event_time=time_or_none(profile, "last_event_time"),
        flagged_contents=tuple(flagged(item) for item in profile.flagged_contents),
        staleness_seconds=max((now - as_of).total_seconds(), 0.0),
        model_digests=tuple(profile.model_digests),
        reference_version=profile.reference_version,
    )


def spoken(profile: pb.Profile) -> dict[str, float]:
    """Return the log ratio of each channel that speaks, by its name."""
    return {
        channel_name(channel.kind): channel.log_likelihood_ratio
        for channel in profile.channels
        if channel.state == pb.CHANNEL_STATE_SPEAKS
    }


def tools_of(operation: pb.OperationFacts) -> dict[str, Any]:
    """Return what the platform asserts about tools."""
    return {
        "registered_by_tool": optional(operation, "registered_by_tool"),
        "tool_post_share": optional(operation, "tool_post_share"),
        "tool_interaction_share": optional(operation, "tool_interaction_share"),
        "tool_post_count": operation.tool_post_count,
        "tool_interaction_count": operation.tool_interaction_count,
        "scheduler_share": optional(operation, "scheduler_share"),
    }


def long_reliance(profile: pb.Profile) -> dict[str, Any]:
    """Return what the 90-day window says of the content."""
    found = reliance_over(profile, LONG_WINDOW)
    if found is None:
        return {}
    return {
        "reliance_state": STATES.get(found.state, Identifiability.NOT_IDENTIFIABLE),
        "reliance_lower": found.lower,
        "reliance_median": found.median,
        "reliance_upper": found.upper,
        "probability_none": found.probability_none,
        "eligible_posts": found.eligible_count,
        "flagged_posts": found.flagged_count,
        "hard_posts": found.hard_count,
    }


def short_reliance(profile: pb.Profile) -> dict[str, Any]:
    """Return what the 30-day window says of the content."""
    found = reliance_over(profile, SHORT_WINDOW)
    if found is None:
        return {}
    return {
        "reliance_30d_state": STATES.get(found.state, Identifiability.NOT_IDENTIFIABLE),
        "reliance_30d_lower": found.lower,
        "reliance_30d_median": found.median,
        "reliance_30d_upper": found.upper,
    }


def reliance_over(profile: pb.Profile, window: timedelta) -> pb.Reliance | None:
    """Return the reliance over *window*, or None where accounts tells none."""
    for reliance in profile.reliances:
        if reliance.window.ToTimedelta() == window:
            return reliance
    return None


def automation_of(profile: pb.Profile) -> dict[str, Any]:
    """Return what is said of the operation of the account and its interactions."""
    found: dict[str, Any] = {}
    if profile.HasField("automation"):
        operated = profile.automation
        found["automation"] = operated.probability
        found["automation_channels"] = channel_names(operated)
        found["operation_hard"] = operated.hard
    if profile.HasField("interaction_automation"):
        interacting = profile.interaction_automation
        found["interaction_automation"] = interacting.probability
        found["interaction_channels"] = channel_names(interacting)
        found["interaction_count"] = interacting.support
        found["interaction_strategies"] = tuple(interacting.strategies)
    return found


def channel_names(automation: pb.Automation) -> tuple[str, ...]:
    """Return the names of the channels that speak for automation."""
    return tuple(channel_name(kind) for kind in automation.channels)


def channel_name(kind: pb.ChannelKind.ValueType) -> str:
    """Return STYLE and so on; a kind from a newer accounts keeps its number."""
    return CHANNELS.get(kind) or str(kind)


def last_person_time(profile: pb.Profile) -> datetime | None:
    """Return when a person was last shown present, by a client or by a check."""
    seen = (
        time_or_none(profile.operation, "last_person_time"),
        time_or_none(profile.facts, "presence_check_time"),
    )
    return max((time for time in seen if time is not None), default=None)


def flagged(item: pb.FlaggedContent) -> FlaggedContent:
    """Return one post that gave evidence, with what we may call it."""
    labels = (LABELS.get(reason, ContentLabel.SUSPECTED_AI) for reason in item.reasons)
    label = max(labels, default=ContentLabel.SUSPECTED_AI)
    return FlaggedContent(
        event_time=from_timestamp(item.event_time),
        activity=item.activity,
        label=label,
        log_likelihood_ratio=item.log_likelihood_ratio,
    )


def optional(message: Message, field: str) -> Any:
    """Return the field, or None where it is absent: absent is not zero."""
    return getattr(message, field) if message.HasField(field) else None
