"""Periods as commands take them."""

from datetime import UTC, datetime

FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]


def aware(time: datetime) -> datetime:
    """Return *time*, in UTC where it names no offset."""
    return time if time.tzinfo else time.replace(tzinfo=UTC)
