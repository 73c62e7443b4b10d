"""Evidence from facts that the platform asserts: OPERATION, PROVENANCE, HUMAN."""

from dataclasses import dataclass
from math import log, sqrt

import numpy as np

from services.accounts.domain.activities import (
    ActivityType,
    Attestation,
    ClientKind,
    InputMode,
    LabelKind,
)
from services.accounts.domain.events import Events
from services.accounts.domain.evidence import (
    Channel,
    ChannelKind,
    ChannelState,
    abstaining,
)
from services.accounts.domain.history import History
from services.accounts.domain.moments import count, mean, variance
from services.accounts.domain.records import (
    DECLARED_AI,
    attestations,
    input_modes,
)
from services.accounts.domain.tallies import REGISTERED_BY_TOOL
from services.accounts.domain.texts import Texts

OPERATION_CAP = log(10_000.0)
PROVENANCE_CAP = log(1000.0)
HUMAN_FLOOR = -log(1000.0)
_TOOL_ACT = log(30.0)  # a first act through a hosting tool
_TOOL_REPEAT = log(4.0)  # each further one, up to the cap
_FAILED_ACT = log(3.0)
_FAILED_CAP = log(20.0)
_TYPED_ACT = log(4.0)
_TYPED_CAP = log(300.0)
_EDIT_ACT = log(1.3)
_EDIT_CAP = log(3.0)
_VOICE_CAP = log(10.0)
_MIN_VOICES = 5
_SAME_VOICE = 2.0  # standard errors
_LABELLED = int(LabelKind.GENERATED)
_TYPED, _PASSED = int(InputMode.TYPED), int(Attestation.PASSED)


@dataclass(frozen=True, slots=True)
class OperationFacts:
    """What client facts say.

    Shares are in [0, 1] of acts with a known client, None where none is known.
    `last_person_us` is in microseconds from 1970, 0 = never.
    """

    known_count: int
    registered_by_tool: bool | None
    tool_post_share: float | None
    tool_interaction_share: float | None
    tool_post_count: int
    tool_interaction_count: int
    scheduler_share: float | None
    last_person_us: int


@dataclass(frozen=True, slots=True)
class OwnVoice:
    """What speaks for a person's own voice; None = cannot tell."""

    typed_share: float | None
    edit_count: int
    old_text_count: int
    same_voice: bool | None


def operation_facts(history: History) -> OperationFacts:
    """Counts over the account's whole life."""
    tallies = history.state.tallies
    posted, interacted = tallies.posted_by, tallies.interacted_by
    posts, acts = sum(posted[1:]), sum(interacted[1:])
    tool, scheduler = ClientKind.HOSTING_TOOL, ClientKind.SCHEDULER
    registered = tallies.registered_with
    return OperationFacts(
        posts + acts,
        registered == REGISTERED_BY_TOOL if registered else None,
        posted[tool] / posts if posts else None,
        interacted[tool] / acts if acts else None,
        posted[tool],
        interacted[tool],
        posted[scheduler] / posts if posts else None,
        tallies.last_person,
    )


def own_voice(history: History, texts: Texts, epoch_start: float) -> OwnVoice:
    """Typed input, edits and old texts, old ones only of the same owner."""
    tallies = history.state.tallies
    known = sum(tallies.inputs[1:4])
    voices = history.voice_ratios if epoch_start == 0 else history.voice_ratios[:0]
    recent = texts.log_ratio[texts.scored]
    same: bool | None = None
    if len(voices) >= _MIN_VOICES and len(recent) >= _MIN_VOICES:
        error = sqrt(
            (variance(voices) + 0.25) / len(voices)
            + (variance(recent) + 0.25) / len(recent)
        )
        same = mean(recent) - mean(voices) <= _SAME_VOICE * error
    typed = tallies.inputs[InputMode.TYPED]
    return OwnVoice(
        typed / known if known else None,
        tallies.types[ActivityType.EDIT],
        len(voices),
        same,
    )


def operation(events: Events, *, interactions: bool) -> Channel:
    """What the latest clients say; hard where a hosting tool acted.

    With *interactions* only comments, likes, follows and messages count.
    """
    if interactions:
        events = events.interactions
    kinds = events.kind_counts
    known = len(events) - kinds[ClientKind.UNSPECIFIED]
    if known == 0:
        return abstaining(ChannelKind.OPERATION, 0, "NO_CLIENT_FACTS")
    tools = kinds[ClientKind.HOSTING_TOOL]
    failed = events.attestation_counts[Attestation.FAILED]
    reasons = []
    ratio = 0.0
    if tools:
        # Acts by a tool weigh by how much of the account they are.
        ratio += (_TOOL_ACT + (tools - 1) * _TOOL_REPEAT) * tools / known
        reasons.append("HOSTING_TOOL_ACTED")
    if failed:
        ratio += min(failed * _FAILED_ACT, _FAILED_CAP) * failed / known
        reasons.append("ATTESTATION_FAILED")
    return Channel(
        ChannelKind.OPERATION,
        ChannelState.SPEAKS,
        min(ratio, OPERATION_CAP),
        known,
        tuple(reasons) or ("ORDINARY_CLIENTS",),
        hard=tools > 0,
    )


def provenance(texts: Texts) -> Channel:
    """Undeclared AIGC labels; what is declared is honest and says nothing here."""
    own = texts.flags & np.uint8(DECLARED_AI) == 0
    labels = texts.label[own]
    labelled = count(labels == _LABELLED)
    support = count(labels)
    if support == 0:
        return abstaining(ChannelKind.PROVENANCE, 0, "NO_LABELS")
    hinted = support - labelled
    share = support / max(len(labels), 1)
    ratio = min(PROVENANCE_CAP, labelled * log(10.0) + hinted * log(2.0)) * share
    reasons = ("UNDECLARED_AIGC_LABEL",) if labelled else ("AIGC_LABEL_SUSPECTED",)
    return Channel(
        ChannelKind.PROVENANCE,
        ChannelState.SPEAKS,
        ratio,
        support,
        reasons,
        hard=labelled > 0,
    )


def human(events: Events, texts: Texts, voice: OwnVoice) -> Channel:
    """What a tool would not do, within the time of the present owner.

    Typing in an attested app weighs most, and less the smaller its share:
    a person who types now and then does not vouch for what a tool posts.
    """
    tools = events.kind_counts[ClientKind.HOSTING_TOOL]
    made = events.input_counts[InputMode.GENERATED]
    typed = _typed_in_attested_app(events)
    weight = typed / max(typed + tools + made, 1)
    edits = events.type_counts[ActivityType.EDIT]
    ratio, reasons = 0.0, []
    if typed:
        ratio -= min(typed * _TYPED_ACT, _TYPED_CAP) * weight
        reasons.append("TYPED_IN_ATTESTED_APP")
    if edits:
        ratio -= min(edits * _EDIT_ACT, _EDIT_CAP)
        reasons.append("EDITS_OWN_TEXTS")
    if voice.same_voice:
        ratio -= _VOICE_CAP
        reasons.append("SAME_VOICE_AS_BEFORE_MODELS")
    support = typed + edits + (voice.old_text_count if voice.same_voice else 0)
    if not reasons:
        return abstaining(ChannelKind.HUMAN, 0, "NOTHING_KNOWN")
    return Channel(
        ChannelKind.HUMAN,
        ChannelState.SPEAKS,
        max(ratio, HUMAN_FLOOR),
        support,
        tuple(reasons),
    )


def _typed_in_attested_app(events: Events) -> int:
    if not events.input_counts[_TYPED]:
        return 0
    passed = attestations(events.composed) == _PASSED
    return count(passed & (input_modes(events.composed) == _TYPED))
