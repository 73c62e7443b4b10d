"""Instants on the wire and off it, to the microsecond in UTC."""

from datetime import datetime, timedelta

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from services.policy.domain.times import from_us, to_us
from services.runtime.errors import InvalidField


def to_timestamp(time: datetime | None) -> Timestamp | None:
    """Return *time* for the wire; None, which a message takes as absent, for None."""
    return None if time is None else instant(time)


def instant(time: datetime) -> Timestamp:
    """Return *time* for the wire."""
    seconds, rest = divmod(to_us(time), 1_000_000)
    return Timestamp(seconds=seconds, nanos=rest * 1_000)


def duration(length: timedelta) -> Duration:
    """Return *length* for the wire."""
    found = Duration()
    found.FromTimedelta(length)
    return found


def from_timestamp(time: Timestamp) -> datetime:
    """Return *time* cut to microseconds. Raises OverflowError beyond year 9999."""
    return from_us(time.seconds * 1_000_000 + time.nanos // 1_000)


def time_or_none(message: Message, field: str) -> datetime | None:
    """Return the time in *field* of *message*, or None where it is absent."""
    if not message.HasField(field):
        return None
    return from_timestamp(getattr(message, field))


def check_time(message: Message, field: str) -> datetime | None:
    """Return the time a caller gave in *field*, or None; raise InvalidField."""
    if not message.HasField(field):
        return None
    given: Timestamp = getattr(message, field)
    if not 0 <= given.nanos < 1_000_000_000:
        raise InvalidField(f"{field}.nanos", "must be in [0, 999999999]")
    try:
        return from_timestamp(given)
    except OverflowError:
        raise InvalidField(field, "must be in the years 1 to 9999") from None
