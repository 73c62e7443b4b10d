"""Reads recorded accounts: one JSON object a line, as `truepen replay` takes them.

    {"account": "a1", "lang": "zh", "events": [
        {"t": "2026-03-16T08:00:08+08:00", "type": "post", "text": "..."},
        {"t": 1773619208.5, "type": "reply", "len": 42, "target": "p9"}]}

Labels and whatever else a line holds are ignored.
"""

import gzip
import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from truepen.accounts.v1 import activities_pb2 as pb

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAX_ID_CHARS = 128
MAX_TEXT_CHARS = 100_000
MAX_TITLE_LENGTH = 10_000_000

TYPES = {
    "post": pb.ACTIVITY_TYPE_NOTE,
    "reply": pb.ACTIVITY_TYPE_COMMENT,
    "comment": pb.ACTIVITY_TYPE_COMMENT,
    "repost": pb.ACTIVITY_TYPE_REPOST,
    "share": pb.ACTIVITY_TYPE_LIKE,
}
PREFIXES = (
    ("commenting", pb.ACTIVITY_TYPE_COMMENT),
    ("starring", pb.ACTIVITY_TYPE_LIKE),
)


class RecordingError(Exception):
    """A line is not a recorded account; says which, and what is wrong."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something a recorded account did; `time_us` is microseconds from 1970."""

    time_us: int
    type: "pb.ActivityType.ValueType"
    text: str
    length: int | None
    target: str


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded account. `id` is its name made safe for a resource name."""

    account: str
    id: str
    language: str
    events: tuple[Event, ...]

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Self:
        """Read one line; raises RecordingError."""
        account = row.get("account")
        events = row.get("events")
        if not isinstance(account, str) or not account:
            raise RecordingError('"account" must be a string with at least 1 character')
        if not isinstance(events, list):
            raise RecordingError('"events" must be a list')
        return cls(
            account=account,
            id=resource_id(account),
            language=row["lang"] if isinstance(row.get("lang"), str) else "",
            events=tuple(event(i, e) for i, e in enumerate(events)),
        )


def read_recordings(path: Path) -> Iterator[Recording]:
    """Yield the accounts in *path*, JSON lines, gzipped where it ends in .gz.

    Raises RecordingError naming the line, also where an account comes twice.
    """
    first_seen: dict[str, int] = {}
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                recording = parse(line)
            except json.JSONDecodeError as error:
                problem = f"not JSON: {error.msg} at column {error.pos + 1}"
                raise RecordingError(f"{path}, line {number}: {problem}") from error
            except (RecordingError, ValueError) as error:
                raise RecordingError(f"{path}, line {number}: {error}") from error
            before = first_seen.setdefault(recording.id, number)
            if before != number:
                raise RecordingError(
                    f"{path}, line {number}: {recording.account} stands in line "
                    f"{before} already"
                )
            yield recording


def parse(line: str) -> Recording:
    """Read one line; raises RecordingError, or ValueError where it is no JSON."""
    row = json.loads(line)
    if not isinstance(row, dict):
        raise RecordingError("must be a JSON object")
    return Recording.from_json(row)


def event(index: int, row: Any) -> Event:
    """Read event *index* of an account; raises RecordingError."""
    if not isinstance(row, dict):
        raise RecordingError(f"events[{index}] must be a JSON object")
    kind = row.get("type")
    if not isinstance(kind, str):
        raise RecordingError(f"events[{index}].type must be a string")
    text = row.get("text")
    length = row.get("len")
    target = row.get("target", row.get("object"))
    return Event(
        time_us=time_us(row.get("t"), f"events[{index}].t"),
        type=activity_type(kind),
        text=sendable(text)[:MAX_TEXT_CHARS] if isinstance(text, str) else "",
        length=(
            min(max(length, 0), MAX_TITLE_LENGTH) if isinstance(length, int) else None
        ),
        target="" if target is None else resource_id(str(target)),
    )


def activity_type(kind: str) -> "pb.ActivityType.ValueType":
    """What *kind* of recorded event is which type; OTHER claims no content."""
    known = TYPES.get(kind)
    if known is not None:
        return known
    lowered = kind.lower()
    return next(
        (type_ for prefix, type_ in PREFIXES if lowered.startswith(prefix)),
        pb.ACTIVITY_TYPE_OTHER,
    )


def time_us(value: Any, field: str) -> int:
    """Microseconds from 1970 of ISO 8601 text or epoch seconds."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not math.isfinite(value):
            raise RecordingError(f"{field} must be finite")
        return round(value * 1_000_000)
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise RecordingError(f"{field}: {value!r} is not ISO 8601") from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return (moment - EPOCH) // timedelta(microseconds=1)
    raise RecordingError(f"{field} must be ISO 8601 text or epoch seconds")


def resource_id(name: str) -> str:
    """Make *name* an id: 1-128 printable characters without `/`.

    What is an id already stays as it is, but for `%`, so that no two names
    become one.
    """
    safe = "".join(
        c if c.isprintable() and c not in "/%" else f"%{ord(c):X};"
        for c in sendable(name)
    )
    if len(safe) <= MAX_ID_CHARS:
        return safe or "%;"
    return f"{safe[:63]}~{hashlib.sha256(safe.encode()).hexdigest()}"


def sendable(text: str) -> str:
    """Replace what UTF-8 cannot carry (lone surrogates)."""
    return text.encode("utf-8", "replace").decode("utf-8")
