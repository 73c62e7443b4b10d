"""Fields that many messages have: names, times, numbers of an enum."""

from datetime import datetime
from functools import lru_cache

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from services.accounts.domain.times import from_us
from services.runtime.errors import InvalidField
from services.runtime.ids import check_name

ACCOUNT_PREFIX = "accounts/"
MIN_SECONDS = 631_152_000  # 1990-01-01
MAX_SECONDS = 253_402_300_799  # the last of the year 9999
US = 1_000_000


@lru_cache(maxsize=65_536)
def account_of(field: str, name: str) -> str:
    """Return the id in `accounts/{account}`, or raise InvalidField.

    Batches are of few accounts: most names are looked at once.
    """
    return check_name(field, name, "accounts")[0]


def us_of(field: str, time: Timestamp) -> int:
    """Return *time* in microseconds since 1970, or raise InvalidField."""
    seconds, nanos = time.seconds, time.nanos
    if not MIN_SECONDS <= seconds <= MAX_SECONDS:
        raise InvalidField(field, "must be between 1990-01-01 and the year 9999")
    if not 0 <= nanos < 1_000_000_000:
        raise InvalidField(field, "nanos must be in [0, 999999999]")
    return seconds * US + nanos // 1000


def time_of(field: str, time: Timestamp) -> datetime:
    """Return *time* as an aware datetime, or raise InvalidField."""
    return from_us(us_of(field, time))


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


def bounded(field: str, value: str, limit: int) -> str:
    """Return *value* of at most *limit* characters, or raise InvalidField."""
    if len(value) > limit:
        raise InvalidField(field, f"must have at most {limit} characters")
    return value


def printable(field: str, value: str, limit: int) -> str:
    """Return *value*, empty or printable and bounded, or raise InvalidField."""
    if value and not value.isprintable():
        raise InvalidField(field, "must be printable characters")
    return bounded(field, value, limit)
