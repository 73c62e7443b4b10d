"""Windows of the latest records, whose content no order of arrival changes.

Each is a semilattice: what a window holds is a function of the set of facts
ever merged into it, so that merging is commutative, associative and idempotent.
"""

from collections.abc import Iterable

from services.accounts.domain.records import (
    HEAD_SIZE,
    NO_SCORE,
    NO_WRITING,
    SCORE_SIZE,
    WRITING_SIZE,
)

HOURS = 28 * 24
_HOUR_MASK = (1 << HOURS) - 1
HOUR_BYTES = HOURS // 8
_WRITING_END = HEAD_SIZE + WRITING_SIZE
_TEXT_SIZE = _WRITING_END + SCORE_SIZE


def merge_latest(window: bytes, records: list[bytes], limit: int) -> bytes:
    """Keep the *limit* largest of the records in *window* and *records*."""
    records.sort()
    size = len(records[0])
    if window and records[0] <= window[-size:]:
        held = {window[i : i + size] for i in range(0, len(window), size)}
        records = sorted(held.union(records))
        window = b""
    merged = window + b"".join(records)
    return merged[-limit * size :]


def merge_versions(
    window: bytes, parts: Iterable[tuple[bytes, bytes, bytes]], limit: int
) -> bytes:
    """Merge (head, writing, score) parts into a window of texts.

    One record a content; of two versions the later stands alone, and within a
    version the larger writing and the larger (later) score. An empty part says
    nothing. Of all contents, the *limit* latest stay.
    """
    held = {
        window[i + 8 : i + HEAD_SIZE]: window[i : i + _TEXT_SIZE]
        for i in range(0, len(window), _TEXT_SIZE)
    }
    for head, writing, score in parts:
        fresh = head + (writing or NO_WRITING) + (score or NO_SCORE)
        key = head[8:]
        old = held.get(key)
        if old is None or old[:8] < head[:8]:
            held[key] = fresh
        elif old[:8] == head[:8]:
            held[key] = (
                head
                + max(old[HEAD_SIZE:_WRITING_END], fresh[HEAD_SIZE:_WRITING_END])
                + max(old[_WRITING_END:], fresh[_WRITING_END:])
            )
    return b"".join(sorted(held.values())[-limit:])


def merge_newest_by_key(window: bytes, records: list[bytes], limit: int) -> bytes:
    """Keep the largest record of each key, and the *limit* largest of these."""
    size = len(records[0])
    old = [window[i : i + size] for i in range(0, len(window), size)]
    held: dict[bytes, bytes] = {}
    for record in sorted(old + records):
        held[record[8:HEAD_SIZE]] = record
    return b"".join(sorted(held.values())[-limit:])


def merge_hours(newest: int, bitmap: bytes, hours: Iterable[int]) -> tuple[int, bytes]:
    """Mark *hours* (counted from 1970) in a bitmap of the 28 days to the newest.

    Bit 0 is the newest hour. Returns the newest hour and the bitmap.
    """
    bits = int.from_bytes(bitmap)
    for hour in hours:
        if hour > newest:
            bits = (bits << min(hour - newest, HOURS) & _HOUR_MASK) | 1
            newest = hour
        elif newest - hour < HOURS:
            bits |= 1 << (newest - hour)
    return newest, bits.to_bytes(HOUR_BYTES)
