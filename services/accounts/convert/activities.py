"""Activity messages: checked, fingerprinted, and stripped of their text."""

import json
from collections.abc import Mapping, Sequence
from enum import IntEnum
from hashlib import blake2b
from typing import Any, TypeVar

from services.accounts.arrivals import SCORED_TYPES, Arrival
from services.accounts.convert.fields import account_of, bounded, printable, us_of
from services.accounts.domain.activities import (
    Activity,
    ActivityType,
    AigcLabel,
    Attestation,
    Client,
    ClientKind,
    ContentKind,
    InputMode,
    LabelKind,
    Target,
    Visibility,
)
from services.accounts.domain.fingerprints import Fingerprint, fingerprint, linkage_key
from services.runtime.errors import InvalidField, InvalidFields, TextTooLong
from services.runtime.ids import check_id
from truepen.accounts.v1 import activities_pb2 as pb

MAX_AHEAD_US = 600_000_000
MAX_ACTIVITIES = 1_000
"""In one batch."""
MAX_TEXT = 100_000
MAX_TITLE = 1_000
MAX_LABEL = 8_192
MAX_LENGTH = 10_000_000
MAX_FACT = 128
MAX_VERSION = 64
DIGEST_BYTES = 16

E = TypeVar("E", bound=IntEnum)

TYPES = {int(member): member for member in ActivityType}
KINDS = {int(member): member for member in ClientKind}
ATTESTATIONS = {int(member): member for member in Attestation}
INPUTS = {int(member): member for member in InputMode}
VISIBILITIES = {int(member): member for member in Visibility}
CONTENTS = {int(member): member for member in ContentKind}


class Reader:
    """Turns Activity messages into what is recorded, under HMAC keys.

    The first key makes; what the *others* made of the same body is known again.
    """

    def __init__(self, key: bytes, *others: bytes) -> None:
        self._key = key
        self._digest = blake2b(digest_size=DIGEST_BYTES, key=key)
        self._others = [blake2b(digest_size=DIGEST_BYTES, key=o) for o in others]

    def arrival(self, message: pb.Activity, field: str, now_us: int) -> Arrival:
        """Return *message* ready to be recorded; raise what is wrong with it."""
        text, title = message.text, message.title
        whole = ""
        if text or title:
            if len(text) > MAX_TEXT:
                raise TextTooLong(f"{field}.text", MAX_TEXT)
            bounded(f"{field}.title", title, MAX_TITLE)
            whole = f"{title}\n{text}" if title else text
            whole = whole if whole.strip() else ""
        found = fingerprint(whole, self._key) if whole else None
        activity = activity_of(message, found, field)
        if activity.event_us > now_us + MAX_AHEAD_US:
            problem = "must not be more than 10 minutes ahead"
            raise InvalidField(f"{field}.event_time", problem)
        body = message.SerializeToString(deterministic=True)
        return Arrival(
            activity,
            _without_text(message) if text or title else body,
            _digest(body, self._digest),
            whole[:MAX_TEXT] if whole and activity.type in SCORED_TYPES else "",
            tuple([_digest(body, other) for other in self._others]),
        )

    def keyed(self, kind: str, links: Sequence[bytes]) -> list[str]:
        """Return what stands for devices or networks outside, in hexadecimal."""
        return [linkage_key(kind, link, self._key) for link in links]


def _digest(body: bytes, keyed: blake2b) -> bytes:
    digest = keyed.copy()  # where the key went in already
    digest.update(body)
    return digest.digest()


def _without_text(message: pb.Activity) -> bytes:
    kept = pb.Activity()
    kept.CopyFrom(message)
    kept.ClearField("text")
    kept.ClearField("title")
    return kept.SerializeToString(deterministic=True)


def remembered(facts: bytes, found: Fingerprint | None) -> Activity:
    """Return the activity that was recorded as *facts* and a fingerprint."""
    return activity_of(pb.Activity.FromString(facts), found, "activity")


def activity_of(
    message: pb.Activity, found: Fingerprint | None, field: str
) -> Activity:
    """Return *message* as an activity whose text is *found*; raise InvalidField."""
    try:
        return _activity(message, found)
    except InvalidFields as error:
        # Names are put together only here: most activities are good.
        [(name, problem)] = error.violations
        raise InvalidField(f"{field}.{name}", problem) from None


def _activity(message: pb.Activity, found: Fingerprint | None) -> Activity:
    has = message.HasField
    if not has("event_time"):
        raise InvalidField("event_time", "is required")
    kind = TYPES.get(message.type)
    if kind is None:
        raise InvalidField("type", "must be one of ActivityType")
    label = message.aigc_label
    return Activity(
        check_id("id", message.id),
        account_of("account", message.account),
        kind,
        us_of("event_time", message.event_time),
        _target(message.target) if has("target") else None,
        found.length if found else _length(message),
        found,
        message.declared_ai if has("declared_ai") else None,
        _label(label) if label else None,
        _member(VISIBILITIES, message.visibility, "visibility"),
        _member(CONTENTS, message.content_kind, "content_kind"),
        _client(message.composed_with, "composed_with")
        if has("composed_with")
        else None,
        _client(message.published_with, "published_with")
        if has("published_with")
        else None,
    )


def _member(members: Mapping[int, E], number: int, field: str) -> E:
    found = members.get(number)
    if found is None:
        raise InvalidField(field, f"{number} is not one of its values")
    return found


def _length(message: pb.Activity) -> int:
    length = message.text_length
    if not 0 <= length <= MAX_LENGTH:
        raise InvalidField("text_length", f"must be in [0, {MAX_LENGTH}]")
    return length


def _target(message: pb.Target) -> Target:
    content, account, parent = message.content, message.account, message.parent
    made = message.HasField("create_time")
    return Target(
        check_id("target.content", content) if content else "",
        account_of("target.account", account) if account else "",
        check_id("target.parent", parent) if parent else "",
        us_of("target.create_time", message.create_time) if made else None,
    )


def _client(message: pb.Client, field: str) -> Client:
    return Client(
        _member(KINDS, message.kind, f"{field}.kind"),
        printable(f"{field}.app_id", message.app_id, MAX_FACT),
        printable(f"{field}.version", message.version, MAX_VERSION),
        _member(ATTESTATIONS, message.attestation, f"{field}.attestation"),
        _member(INPUTS, message.input, f"{field}.input"),
        printable(f"{field}.device_hash", message.device_hash, MAX_FACT),
        printable(f"{field}.network_hash", message.network_hash, MAX_FACT),
        printable(f"{field}.session_id", message.session_id, MAX_FACT),
    )


def _label(text: str) -> AigcLabel:
    """Read GB 45438-2025 metadata; what cannot be read is evidence of nothing."""
    bounded("aigc_label", text, MAX_LABEL)
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        return AigcLabel(LabelKind.NONE)
    if isinstance(found, dict) and isinstance(found.get("AIGC"), dict):
        found = found["AIGC"]
    if not isinstance(found, dict):
        return AigcLabel(LabelKind.NONE)
    number = str(found.get("Label", ""))
    kind = LabelKind(int(number)) if number in ("1", "2", "3") else LabelKind.NONE
    names = ("ContentProducer", "ProduceID", "ContentPropagator", "PropagateID")
    return AigcLabel(kind, *(str(found.get(name, ""))[:MAX_FACT] for name in names))
