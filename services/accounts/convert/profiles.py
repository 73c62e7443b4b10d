"""Profiles, rendered for the wire."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from services.accounts.convert.fields import ACCOUNT_PREFIX, duration, timestamp
from services.accounts.domain.automation import Automation
from services.accounts.domain.evidence import Channel, ReportSummary, Signal
from services.accounts.domain.facts import OperationFacts, OwnVoice
from services.accounts.domain.profile import AccountFacts, FlaggedContent, Profile
from services.accounts.domain.reliance import Reliance
from services.accounts.domain.times import to_us
from truepen.accounts.v1 import profile_pb2 as pb

Keyed = Callable[[str, Sequence[bytes]], list[str]]


def profile_message(
    profile: Profile,
    ids: Mapping[bytes, str],
    models: Sequence[str],
    keyed: Keyed,
    *,
    with_signals: bool = True,
) -> pb.Profile:
    """Render *profile*; *ids* names flagged contents by key, *models* count.

    *keyed* hides devices and networks behind keyed hashes.
    """
    return pb.Profile(
        name=f"{ACCOUNT_PREFIX}{profile.account}/profile",
        revision=profile.revision,
        as_of_time=_time(profile.as_of_time),
        activity_count=profile.activity_count,
        first_event_time=_time(profile.first_event_time),
        last_event_time=_time(profile.last_event_time),
        signals=map(_signal, profile.signals.values()) if with_signals else None,
        channels=map(_channel, profile.channels),
        reliances=map(_reliance, profile.reliances),
        automation=_automation(profile.automation),
        interaction_automation=_automation(profile.interaction_automation),
        operation=_operation(profile.operation),
        own_voice=_own_voice(profile.own_voice),
        reports=_reports(profile.reports),
        facts=_facts(profile.facts),
        ownership_epoch=profile.ownership_epoch,
        ownership_epoch_time=_time(profile.ownership_epoch_time),
        reference_version=profile.reference_version,
        model_digests=models,
        pending_text_count=profile.pending_text_count,
        flagged_contents=[
            _flagged(content, ids[content.key])
            for content in profile.flagged_contents
            if content.key in ids
        ],
        cluster=profile.cluster,
        cluster_size=profile.cluster_size,
        device_keys=keyed("device", profile.devices),
        network_keys=keyed("network", profile.networks),
        device_cohort_size=profile.cohorts.devices or None,
        network_cohort_size=profile.cohorts.networks or None,
    )


def _time(time: datetime | None) -> Timestamp | None:
    return None if time is None else timestamp(to_us(time))


def _signal(signal: Signal) -> pb.Signal:
    return pb.Signal(
        code=signal.code,
        value=signal.value,
        support=signal.support,
        window=duration(signal.window.total_seconds()),
        state=pb.SignalState.ValueType(signal.state.value),
        percentile=signal.percentile,
    )


def _channel(channel: Channel) -> pb.Channel:
    return pb.Channel(
        kind=pb.ChannelKind.ValueType(channel.kind.value),
        state=pb.ChannelState.ValueType(channel.state.value),
        log_likelihood_ratio=channel.log_likelihood_ratio,
        support=channel.support,
        reasons=channel.reasons,
        hard=channel.hard,
    )


def _reliance(reliance: Reliance) -> pb.Reliance:
    return pb.Reliance(
        window=duration(reliance.window.total_seconds()),
        state=pb.RelianceState.ValueType(reliance.state.value),
        lower=reliance.lower,
        median=reliance.median,
        upper=reliance.upper,
        eligible_count=reliance.eligible_count,
        flagged_count=reliance.flagged_count,
        hard_count=reliance.hard_count,
        probability_none=reliance.probability_none,
    )


def _automation(automation: Automation) -> pb.Automation:
    return pb.Automation(
        probability=automation.probability,
        channels=[pb.ChannelKind.ValueType(kind.value) for kind in automation.channels],
        hard=automation.hard,
        strategies=automation.strategies,
        support=automation.support,
    )


def _operation(facts: OperationFacts) -> pb.OperationFacts:
    last = facts.last_person_us
    return pb.OperationFacts(
        known_count=facts.known_count,
        registered_by_tool=facts.registered_by_tool,
        tool_post_share=facts.tool_post_share,
        tool_interaction_share=facts.tool_interaction_share,
        tool_post_count=facts.tool_post_count,
        tool_interaction_count=facts.tool_interaction_count,
        scheduler_share=facts.scheduler_share,
        last_person_time=timestamp(last) if last else None,
    )


def _own_voice(voice: OwnVoice) -> pb.OwnVoice:
    return pb.OwnVoice(
        typed_share=voice.typed_share,
        edit_count=voice.edit_count,
        old_text_count=voice.old_text_count,
        same_voice=voice.same_voice,
    )


def _reports(reports: ReportSummary) -> pb.ReportSummary:
    last = reports.last_report_us
    return pb.ReportSummary(
        report_count=reports.report_count,
        independent_count=reports.independent_count,
        weight=reports.weight,
        last_report_time=timestamp(last) if last else None,
    )


def _facts(facts: AccountFacts) -> pb.AccountFacts:
    return pb.AccountFacts(
        kind=pb.AccountKind.ValueType(facts.kind.value),
        account_create_time=_time(facts.create_time),
        follower_count=facts.follower_count,
        protected=facts.protected,
        language=facts.language,
        presence_check_time=_time(facts.presence_check_time),
    )


def _flagged(content: FlaggedContent, activity: str) -> pb.FlaggedContent:
    return pb.FlaggedContent(
        activity=activity,
        event_time=_time(content.event_time),
        log_likelihood_ratio=content.log_likelihood_ratio,
        reasons=content.reasons,
    )
