"""Fields that many messages have: names, times, numbers of an enum."""

from datetime import datetime
from functools import lru_cache

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from services.accounts.domain.activities import from_us
from services.runtime.errors import InvalidField
from services.runtime.ids import MAX_ID_CHARS

ACCOUNT_PREFIX = "accounts/"
MIN_SECONDS = 631_152_000  # 1990-01-01
MAX_SECONDS = 253_402_300_799  # the last of the year 9999
US = 1_000_000


def is_id(value: str) -> bool:
    """Say whether *value* is an id as the platform may choose it."""
    return 0 < len(value) <= MAX_ID_CHARS and value.isprintable() and "/" not in value


def id_of(value: str, field: str) -> str:
    """Return *value*, an id, or raise InvalidField."""
    if not is_id(value):
        problem = f"must have 1 to {MAX_ID_CHARS} printable characters without '/'"
        raise InvalidField(field, problem)
    return value


def account_of(name: str, field: str) -> str:
    """Return the id in `accounts/{account}`, or raise InvalidField."""
    account = _account_in(name)
    if not account:
        raise InvalidField(field, "must be accounts/{account}")
    return account


@lru_cache(maxsize=65_536)
def _account_in(name: str) -> str:
    """Return the id in a name, empty where it is no account's.

    Batches are of few accounts: most names are looked at once.
    """
    account = name.removeprefix(ACCOUNT_PREFIX)
    return account if account != name and is_id(account) else ""


def parts_of(name: str, field: str, *shape: str) -> tuple[str, ...]:
    """Return the ids in a name of *shape*, where `""` stands for an id."""
    parts = name.split("/")
    fits = len(parts) == len(shape) and all(
        is_id(part) if not word else part == word
        for part, word in zip(parts, shape, strict=False)
    )
    if not fits:
        pattern = "/".join(word or "{id}" for word in shape)
        raise InvalidField(field, f"must be {pattern}")
    return tuple(p for p, word in zip(parts, shape, strict=True) if not word)


def us_of(time: Timestamp, field: str) -> int:
    """Return *time* in microseconds since 1970, or raise InvalidField."""
    seconds, nanos = time.seconds, time.nanos
    if not MIN_SECONDS <= seconds <= MAX_SECONDS:
        raise InvalidField(field, "must be between 1990-01-01 and the year 9999")
    if not 0 <= nanos < 1_000_000_000:
        raise InvalidField(field, "nanos must be in [0, 999999999]")
    return seconds * US + nanos // 1000


def time_of(time: Timestamp, field: str) -> datetime:
    """Return *time* as an aware datetime, or raise InvalidField."""
    return from_us(us_of(time, field))


def timestamp(us: int) -> Timestamp:
    """Return microseconds since 1970 as a Timestamp."""
    return Timestamp(seconds=us // US, nanos=us % US * 1000)


def timestamp_or_none(us: int | None) -> Timestamp | None:
    """Return *us* as a Timestamp; None stays None."""
    return None if us is None else timestamp(us)


def duration(seconds: float) -> Duration:
    """Return *seconds* as a Duration."""
    whole = Duration()
    whole.FromMicroseconds(round(seconds * US))
    return whole


def bounded(value: str, field: str, limit: int) -> str:
    """Return *value* of at most *limit* characters, or raise InvalidField."""
    if len(value) > limit:
        raise InvalidField(field, f"must have at most {limit} characters")
    return value


def printable(value: str, field: str, limit: int) -> str:
    """Return *value*, empty or printable and bounded, or raise InvalidField."""
    if value and not value.isprintable():
        raise InvalidField(field, "must be printable characters")
    return bounded(value, field, limit)
