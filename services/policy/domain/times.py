"""Instants as numbers: microseconds since 1970 in UTC."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def to_us(time: datetime) -> int:
    """Microseconds from 1970 to *time*, which must be aware."""
    return (time - EPOCH) // MICROSECOND


def from_us(us: int) -> datetime:
    """Aware UTC time of *us*. Raises OverflowError beyond the year 9999."""
    return EPOCH + us * MICROSECOND


def to_us_or_none(time: datetime | None) -> int | None:
    """Microseconds from 1970 to *time*; None stays None."""
    return None if time is None else to_us(time)


def from_us_or_none(us: int | None) -> datetime | None:
    """Aware UTC time of *us*; None stays None."""
    return None if us is None else from_us(us)
