"""Fields that many requests have, checked where they come in."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from services.runtime.errors import InvalidField

MAX_BATCH = 1_000

K = TypeVar("K")


def check_not_negative(field: str, value: int) -> int:
    """Return *value*; raise InvalidField where it is negative."""
    if value < 0:
        raise InvalidField(field, "must not be negative")
    return value


def check_batch(field: str, items: Sequence[object], most: int = MAX_BATCH) -> None:
    """Raise InvalidField unless there are 1 to *most* items."""
    if not 1 <= len(items) <= most:
        raise InvalidField(field, f"must have 1 to {most} items")


def check_text(field: str, text: str, most: int) -> str:
    """Return *text*; raise InvalidField unless it has 1 to *most* characters."""
    if not 1 <= len(text) <= most or not text.strip():
        raise InvalidField(field, f"must have 1 to {most} characters")
    return text


def known(field: str, value: int, meaning: Mapping[Any, K]) -> K:
    """Return what an enum *value* means; raise InvalidField where it is nothing."""
    if value not in meaning:
        raise InvalidField(field, "is not one of the values that may be asked for")
    return meaning[value]
