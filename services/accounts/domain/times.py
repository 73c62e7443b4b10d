"""Instants as numbers: microseconds since 1970 in UTC."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_us(time: datetime) -> int:
    """Microseconds from 1970 to *time*, which must be aware."""
    return (time - EPOCH) // _MICROSECOND


def from_us(time_us: int) -> datetime:
    """Aware UTC time of *time_us* microseconds from 1970."""
    return EPOCH + timedelta(microseconds=time_us)
