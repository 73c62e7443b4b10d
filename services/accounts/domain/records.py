"""How activities and scores lie in a profile state: fixed-size packed records.

Every record begins with time and content key, big-endian, so that comparing
bytes compares (time, id), and a window of the latest records is a plain byte
string. Reading many at once is a numpy view; writing one is a struct pack.
"""

from struct import Struct
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from services.accounts.domain.activities import Activity, Client, Score
from services.accounts.domain.fingerprints import content_key
from services.accounts.domain.times import to_us

NO_LATENCY = 0xFFFFFFFF  # centiseconds; also where the target has no time
LOG_RATIO_SCALE = 1000
_MOST = 0xFFFF

PRESENT, DELETED, DECLARED_AI, DECLARED_OWN, SKETCHED = 1, 2, 4, 8, 16
VERDICTS = ("HUMAN", "AI_ASSISTED", "AI_GENERATED", "UNDECIDED")

_HEAD = [("time", ">u8"), ("key", "V8")]
EVENT = np.dtype(
    [
        *_HEAD,
        ("type", "u1"),
        ("published", "u1"),
        ("composed", "u1"),
        ("flags", "u1"),
        ("latency", ">u4"),
        ("length", ">u2"),
        ("device", ">u2"),
        ("target", ">u4"),
    ]
)
TEXT = np.dtype(
    [
        *_HEAD,
        ("flags", "u1"),
        ("type", "u1"),
        ("label", "u1"),
        ("kind", "u1"),
        ("composed", "u1"),
        ("published", "u1"),
        ("length", ">u2"),
        ("shape", ">u2"),
        ("template", ">u4"),
        ("opening", ">u4"),
        ("sketch", "u1", (16,)),
        ("score_time", ">u4"),
        ("log_ratio", ">i2"),
        ("probability", "u1"),
        ("verdict", "u1"),
        ("model", "V4"),
        ("chars", ">u2"),
    ]
)
LINK = np.dtype(_HEAD)
VOICE = np.dtype(
    [
        *_HEAD,
        ("score_time", ">u4"),
        ("log_ratio", ">i2"),
        ("model", "V4"),
        ("chars", ">u2"),
    ]
)
_EVENT = Struct(">Q8sBBBBIHHI")
_HEADER = Struct(">Q8s")
_WRITING = Struct(">BBBBBBHHII16s")
_SCORE = Struct(">IhBB4sH")
_VOICE = Struct(">Ih4sH")
HEAD_SIZE = _HEADER.size
WRITING_SIZE = _WRITING.size
SCORE_SIZE = _SCORE.size
NO_WRITING = bytes(WRITING_SIZE)
NO_SCORE = bytes(SCORE_SIZE)


def pack_client(client: Client | None) -> int:
    """Kind, attestation and input mode in one byte; 0 = nothing known."""
    if client is None:
        return 0
    return client.kind | client.attestation << 3 | client.input << 5


def client_kinds(packed: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """`ClientKind` numbers of packed clients."""
    return packed & np.uint8(7)


def attestations(packed: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """`Attestation` numbers of packed clients."""
    return packed >> np.uint8(3) & np.uint8(3)


def input_modes(packed: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """`InputMode` numbers of packed clients."""
    return packed >> np.uint8(5)


def model_key(digest: str) -> bytes:
    """Four bytes that stand for a model digest inside a state."""
    return crc32(digest.encode()).to_bytes(4)


def pack_event(activity: Activity) -> bytes:
    """Pack what timing and operation need of *activity*."""
    time_us, target = activity.event_us, activity.target
    published, composed = activity.published_with, activity.composed_with
    length = length_of(activity)
    latency, target_hash = NO_LATENCY, 0
    if target is not None:
        if target.create_us is not None:
            behind = (time_us - target.create_us) // 10_000
            latency = min(max(behind, 0), NO_LATENCY - 1)
        target_hash = crc32((target.account or target.content).encode())
    device = 0
    if published is not None and published.device_hash:
        device = crc32(published.device_hash.encode()) & 0xFFFF or 1
    return _EVENT.pack(
        time_us,
        content_key(activity.id),
        activity.type,
        pack_client(published) if published else 0,
        pack_client(composed) if composed else 0,
        _flags(activity, length),
        latency,
        min(length, _MOST),
        device,
        target_hash,
    )


def pack_writing(activity: Activity) -> bytes:
    """Pack what is known of the text of *activity*, or of its deletion."""
    found, length = activity.fingerprint, length_of(activity)
    return _WRITING.pack(
        _flags(activity, length) | PRESENT,
        activity.type,
        activity.label.kind if activity.label else 0,
        activity.content_kind,
        pack_client(activity.composed_with),
        pack_client(activity.published_with),
        min(length, _MOST),
        found.shape if found else 0,
        found.template if found else 0,
        found.opening if found else 0,
        found.sketch if found else b"",
    )


def pack_head(time_us: int, identifier: str) -> bytes:
    """Pack the sort key of a record."""
    return _HEADER.pack(time_us, content_key(identifier))


def pack_score(score: Score) -> bytes:
    """Pack *score*; the later of two compares as larger."""
    return _SCORE.pack(
        to_us(score.score_time) // 1_000_000,
        _scaled(score.log_likelihood_ratio),
        round(score.ai_probability * 255),
        VERDICTS.index(score.verdict),
        model_key(score.model_digest),
        min(score.chars_scored, 0xFFFF),
    )


def pack_voice(score: Score) -> bytes:
    """Pack what an old text's *score* says of its author's own style."""
    return _VOICE.pack(
        to_us(score.score_time) // 1_000_000,
        _scaled(score.log_likelihood_ratio),
        model_key(score.model_digest),
        min(score.chars_scored, 0xFFFF),
    )


def length_of(activity: Activity) -> int:
    """Characters of the text, 0 where there is none or none is known."""
    found = activity.fingerprint
    return found.length if found else activity.text_length


def _flags(activity: Activity, length: int) -> int:
    flags = 0
    if activity.declared_ai is not None:
        flags = DECLARED_AI if activity.declared_ai else DECLARED_OWN
    if activity.fingerprint is not None and activity.fingerprint.sketch:
        flags |= SKETCHED
    if not length and activity.type == _EDIT:
        flags |= DELETED
    return flags


_EDIT = 7


def _scaled(log_ratio: float) -> int:
    return round(max(-32.0, min(32.0, log_ratio)) * LOG_RATIO_SCALE)
