"""What is kept of an account: at most 8 KB, the same in any order of arrival.

The latest events (timing, operation), the latest texts (fingerprints, scores),
a few scored texts from before language models, the latest devices and networks,
and tallies. Facts come deduplicated by activity id; an edit or a later score
replaces what it corrects, whether it arrives before or after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from struct import Struct
from typing import NamedTuple, Self

from services.accounts.domain.activities import (
    WRITINGS,
    Activity,
    ActivityType,
    Client,
    Score,
)
from services.accounts.domain.records import (
    EVENT,
    HEAD_SIZE,
    TEXT,
    VOICE,
    pack_event,
    pack_head,
    pack_score,
    pack_voice,
    pack_writing,
)
from services.accounts.domain.tallies import TALLIES_SIZE, Tallies
from services.accounts.domain.times import to_us
from services.accounts.domain.windows import (
    merge_latest,
    merge_newest_by_key,
    merge_versions,
)

KEPT_EVENTS = 128
KEPT_TEXTS = 48
KEPT_VOICES = 16
KEPT_LINKS = 8
BEFORE_MODELS = datetime(2022, 11, 30, tzinfo=UTC)  # ChatGPT's first day
MAX_STATE_BYTES = 8192
_VERSION = 2
_LENGTHS = Struct(">BBBBBB")
_WITHOUT_LINKS = 1  # a version that knew no devices and networks
_BEFORE_MODELS_US = to_us(BEFORE_MODELS)
_TEXTUAL = WRITINGS | {ActivityType.EDIT, ActivityType.REPOST, ActivityType.OTHER}
_MAY_CARRY = tuple(number in _TEXTUAL for number in range(max(ActivityType) + 1))


@dataclass(frozen=True, slots=True)
class Facts:
    """New facts about one account, deduplicated by activity id."""

    activities: Sequence[Activity] = ()
    scores: Sequence[Score] = ()


class ProfileState(NamedTuple):
    """The evidence kept about one account; windows are packed records.

    `devices` and `networks` hold when and where the account was last seen:
    time and `content_key` of the platform's hash.
    """

    tallies: Tallies
    events: bytes
    texts: bytes
    voices: bytes
    devices: bytes = b""
    networks: bytes = b""

    @classmethod
    def empty(cls) -> Self:
        """State of an account that did nothing yet."""
        return cls(Tallies.empty(), b"", b"", b"")

    @classmethod
    def from_bytes(cls, packed: bytes) -> Self:
        """Read back what `to_bytes` wrote; raises ValueError on another version."""
        if packed[0] == _WITHOUT_LINKS:
            packed = bytes((_VERSION, *packed[1:4], 0, 0)) + packed[4:]
        version, *counts = _LENGTHS.unpack_from(packed)
        if version != _VERSION:
            raise ValueError(f"state has version {version}, not {_VERSION}")
        start = _LENGTHS.size + TALLIES_SIZE
        tallies = Tallies.from_bytes(packed[_LENGTHS.size : start])
        events = start + counts[0] * EVENT.itemsize
        texts = events + counts[1] * TEXT.itemsize
        voices = texts + counts[2] * VOICE.itemsize
        devices = voices + counts[3] * HEAD_SIZE
        return cls(
            tallies,
            packed[start:events],
            packed[events:texts],
            packed[texts:voices],
            packed[voices:devices],
            packed[devices:],
        )

    def to_bytes(self) -> bytes:
        """Pack into at most `MAX_STATE_BYTES` bytes."""
        lengths = _LENGTHS.pack(
            _VERSION,
            len(self.events) // EVENT.itemsize,
            len(self.texts) // TEXT.itemsize,
            len(self.voices) // VOICE.itemsize,
            len(self.devices) // HEAD_SIZE,
            len(self.networks) // HEAD_SIZE,
        )
        return b"".join(
            (
                lengths,
                self.tallies.to_bytes(),
                self.events,
                self.texts,
                self.voices,
                self.devices,
                self.networks,
            )
        )


def fold(state: ProfileState, facts: Facts) -> ProfileState:
    """Add *facts* to *state*.

    Shadow scores count for nothing. The result depends on the set of facts
    ever folded in, not on how they were ordered or batched.
    """
    tallies, events, texts = state.tallies, state.events, state.texts
    voices, devices, networks = state.voices, state.devices, state.networks
    parts: list[tuple[bytes, bytes, bytes]] = []
    if acts := facts.activities:
        tallies = tallies.add(acts)
        records = [pack_event(activity) for activity in acts]
        events = merge_latest(events, records, KEPT_EVENTS)
        parts += [
            (pack_head(act.event_us, act.content_id), pack_writing(act), b"")
            for act in acts
            if _MAY_CARRY[act.type] and _carries_content(act)
        ]
        if clients := _clients(acts):
            if seen := _seen_on(clients, "device_hash"):
                devices = merge_newest_by_key(devices, seen, KEPT_LINKS)
            if seen := _seen_on(clients, "network_hash"):
                networks = merge_newest_by_key(networks, seen, KEPT_LINKS)
    old: list[bytes] = []
    for score in facts.scores:
        if score.shadow:
            continue
        text_time_us = to_us(score.text_time)
        head = pack_head(text_time_us, score.activity_id)
        parts.append((head, b"", pack_score(score)))
        if text_time_us < _BEFORE_MODELS_US:
            old.append(head + pack_voice(score))
    if parts:
        texts = merge_versions(texts, parts, KEPT_TEXTS)
    if old:
        voices = merge_newest_by_key(voices, old, KEPT_VOICES)
    return ProfileState(tallies, events, texts, voices, devices, networks)


def _clients(activities: Sequence[Activity]) -> list[tuple[Client, int]]:
    """Clients that are known of *activities*, each with the time."""
    return [
        (client, activity.event_us)
        for activity in activities
        for client in (activity.published_with, activity.composed_with)
        if client is not None
    ]


def _seen_on(clients: Sequence[tuple[Client, int]], fact: str) -> list[bytes]:
    """Records of the devices or networks that *clients* were on."""
    latest: dict[str, int] = {}
    for client, time_us in clients:
        if found := getattr(client, fact):
            latest[found] = max(time_us, latest.get(found, 0))
    return [pack_head(time_us, found) for found, time_us in latest.items()]


def _carries_content(activity: Activity) -> bool:
    return (
        activity.fingerprint is not None
        or activity.label is not None
        or activity.composed_with is not None
        or activity.declared_ai is not None
        or activity.type is ActivityType.EDIT
    )
