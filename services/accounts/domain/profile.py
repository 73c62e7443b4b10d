"""What an account's state adds up to, at one instant."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import log

import numpy as np

from services.accounts.domain import channels, facts
from services.accounts.domain.activities import AccountKind
from services.accounts.domain.automation import (
    Automation,
    interaction_posterior,
    operation_posterior,
)
from services.accounts.domain.events import Events
from services.accounts.domain.evidence import (
    Channel,
    Cohorts,
    References,
    ReportSummary,
    Signal,
)
from services.accounts.domain.facts import OperationFacts, OwnVoice
from services.accounts.domain.fitted import RELIANCE
from services.accounts.domain.history import History
from services.accounts.domain.items import Items, eligible
from services.accounts.domain.ownership import Epoch, current_epoch
from services.accounts.domain.records import LINK
from services.accounts.domain.reliance import Reliance, estimate, recalibrated
from services.accounts.domain.signals import Signals
from services.accounts.domain.state import ProfileState
from services.accounts.domain.texts import Texts
from services.accounts.domain.times import from_us, to_us

WINDOWS = (timedelta(days=30), timedelta(days=90))
MAX_FLAGGED = 50
_FLAGGED = log(3.0)
NO_REPORTS = ReportSummary()
NO_COHORTS = Cohorts()


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What storage knows of an account besides its activities.

    `effective_time` is when the rule began: earlier posts never count.
    """

    account: str
    revision: int = 0
    kind: AccountKind = AccountKind.UNSPECIFIED
    create_time: datetime | None = None
    follower_count: int | None = None
    protected: bool = False
    language: str = ""
    presence_check_time: datetime | None = None
    effective_time: datetime | None = None
    pending_text_count: int = 0
    reports: ReportSummary = NO_REPORTS


@dataclass(frozen=True, slots=True)
class FlaggedContent:
    """A post that gave evidence; `key` is `content_key` of its id."""

    key: bytes
    event_time: datetime
    log_likelihood_ratio: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything derived about an account; see truepen.accounts.v1.Profile.

    `devices` and `networks` are `content_key`s, the latest first.
    """

    account: str
    revision: int
    as_of_time: datetime
    activity_count: int
    first_event_time: datetime | None
    last_event_time: datetime | None
    signals: Mapping[str, Signal]
    channels: tuple[Channel, ...]
    reliances: tuple[Reliance, ...]
    automation: Automation
    interaction_automation: Automation
    operation: OperationFacts
    own_voice: OwnVoice
    reports: ReportSummary
    facts: AccountFacts
    ownership_epoch: int
    ownership_epoch_time: datetime | None
    reference_version: str
    pending_text_count: int
    flagged_contents: tuple[FlaggedContent, ...]
    cluster: str
    cluster_size: int | None = None
    devices: tuple[bytes, ...] = ()
    networks: tuple[bytes, ...] = ()
    cohorts: Cohorts = NO_COHORTS


def derive(
    state: ProfileState, account: AccountFacts, now: datetime, references: References
) -> Profile:
    """Profile of *account* as of *now*; pure, about a millisecond."""
    history = History.open(state, references.quarantined_models)
    epoch = current_epoch(history)
    signals = Signals(history, references)
    items, reliances = _reliances(history, account, epoch, now)
    events, texts = _of_owner(history, epoch)
    voice = facts.own_voice(history, texts, epoch.start)
    human = facts.human(events, texts, voice)
    coordination = channels.coordination(references.coordination)
    evidence = (
        channels.style(items),
        channels.template(signals),
        channels.tempo(history, signals),
        facts.operation(events, interactions=False),
        coordination,
        facts.provenance(texts),
        human,
        channels.reports(account.reports),
    )
    acts = facts.operation(events, interactions=True)
    tallies, found = state.tallies, references.coordination
    return Profile(
        account=account.account,
        revision=account.revision,
        as_of_time=now,
        activity_count=tallies.activity_count,
        first_event_time=_time(tallies.first),
        last_event_time=_time(tallies.last),
        signals=signals,
        channels=evidence,
        reliances=reliances,
        automation=operation_posterior(evidence, tallies.activity_count),
        interaction_automation=interaction_posterior(
            history, signals, acts, (human, coordination)
        ),
        operation=facts.operation_facts(history),
        own_voice=voice,
        reports=account.reports,
        facts=account,
        ownership_epoch=epoch.index,
        ownership_epoch_time=_time(int(epoch.start * 1e6)),
        reference_version=references.version,
        pending_text_count=account.pending_text_count,
        flagged_contents=_flagged(items),
        cluster=found.cluster if found else "",
        cluster_size=found.cluster_size if found and found.cluster else None,
        devices=_links(state.devices, epoch),
        networks=_links(state.networks, epoch),
        cohorts=references.cohorts,
    )


def _links(packed: bytes, epoch: Epoch) -> tuple[bytes, ...]:
    """Keys of devices or networks of the present owner, the latest first."""
    rows = np.frombuffer(packed, LINK)
    rows = rows[rows["time"] >= epoch.start * 1e6]
    return tuple(bytes(key) for key in rows["key"][::-1])


def _of_owner(history: History, epoch: Epoch) -> tuple[Events, Texts]:
    """Events and texts of the present owner."""
    events, texts = history.events, history.texts
    if not epoch.index:
        return events, texts
    return (
        events.where(events.time >= epoch.start),
        texts.where(texts.time >= epoch.start),
    )


def _time(time_us: int) -> datetime | None:
    return from_us(time_us) if time_us else None


def _reliances(
    history: History, account: AccountFacts, epoch: Epoch, now: datetime
) -> tuple[Items, tuple[Reliance, ...]]:
    """Items of the longest window, and the reliance over each window."""
    effective = account.effective_time
    floor = max(epoch.start, to_us(effective) / 1e6 if effective else 0.0)
    voices = history.voice_ratios if epoch.start == 0 else history.voice_ratios[:0]
    items = eligible(history.texts, floor)
    items = items.since(to_us(now - WINDOWS[-1]) / 1e6)
    found: list[Reliance] = []
    for window in reversed(WINDOWS):
        inside = items.since(to_us(now - window) / 1e6)
        if found and inside is items:
            found.insert(0, replace(found[0], window=window))
        else:
            found.insert(0, estimate(inside, voices, RELIANCE, window))
    return items, tuple(found)


def _flagged(items: Items) -> tuple[FlaggedContent, ...]:
    if not items.key:
        return ()
    style = recalibrated(items.style, RELIANCE) * items.scored
    total = style + items.hard
    chosen = [int(i) for i in np.flatnonzero(total > _FLAGGED)[::-1][:MAX_FLAGGED]]
    return tuple(
        FlaggedContent(
            items.key[i],
            from_us(round(items.time[i] * 1e6)),
            float(items.style[i]),
            tuple(_item_reasons(float(style[i]), float(items.hard[i]))),
        )
        for i in chosen
    )


def _item_reasons(style: float, hard: float) -> Iterable[str]:
    if hard > _FLAGGED:
        yield "HARD_FACTS"
    if style > _FLAGGED:
        yield "TEXT_READS_AS_AI"
