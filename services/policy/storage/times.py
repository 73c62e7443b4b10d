"""Instants in rows: microseconds since 1970 in UTC, as integers."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def to_us(time: datetime) -> int:
    """Return *time* as a row keeps it."""
    return (time - EPOCH) // MICROSECOND


def from_us(us: int) -> datetime:
    """Read back what `to_us` wrote."""
    return EPOCH + us * MICROSECOND


def to_us_or_none(time: datetime | None) -> int | None:
    """Return *time* as a row keeps it; None stays None."""
    return None if time is None else to_us(time)


def from_us_or_none(us: int | None) -> datetime | None:
    """Read back what `to_us_or_none` wrote."""
    return None if us is None else from_us(us)
