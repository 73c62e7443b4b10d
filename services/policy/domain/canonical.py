"""One byte form for every domain value, so that digests mean something everywhere.

JSON with sorted keys, no spaces, UTF-8, UTC times to the microsecond, durations in
seconds, enums by name. Floats are written as the shortest text that reads back to the
same IEEE 754 double, which is the same on every platform; NaN and infinities are
refused.
"""

import dataclasses
import hashlib
import json
import types
import typing
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any, TypeVar, cast

Plain = None | bool | int | float | str | list[Any] | dict[str, Any]
SECOND = timedelta(seconds=1)
ATOMS = frozenset({str, int, bool})
T = TypeVar("T")
ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)


def to_plain(value: Any) -> Plain:
    """*value* as JSON types. Raises TypeError for what has no canonical form."""
    kind = type(value)
    if value is None or kind in ATOMS:
        return cast("Plain", value)
    if kind is float:
        return cast("float", value + 0.0)  # -0.0 and 0.0 are one number
    if kind in (tuple, list):
        return [to_plain(item) for item in value]
    names = field_names(cast("type", kind))
    if names is not None:
        # Most fields are atoms, and a call for each would be most of the work.
        return {
            name: item if item is None or type(item) in ATOMS else to_plain(item)
            for name in names
            for item in (getattr(value, name),)
        }
    return rarely(value)


def rarely(value: Any) -> Plain:
    """The types that are met less often."""
    match value:
        case Enum():
            return value.name
        case datetime():
            return format_time(value)
        case timedelta():
            return value / SECOND
        case frozenset() | set():
            return sorted((to_plain(item) for item in value), key=str)
        case Mapping():
            return {key_of(key): to_plain(item) for key, item in value.items()}
    raise TypeError(f"no canonical form for {type(value).__name__}")


def key_of(key: Any) -> str:
    """A mapping's key as text."""
    return key.name if isinstance(key, Enum) else str(key)


@cache
def field_names(cls: type) -> tuple[str, ...] | None:
    """The fields of a dataclass, in order; None for any other class."""
    if not dataclasses.is_dataclass(cls):
        return None
    return tuple(field.name for field in dataclasses.fields(cls))


def canonical(value: Any) -> bytes:
    """The canonical JSON of *value*. Raises ValueError for NaN and infinities."""
    return ENCODER.encode(to_plain(value)).encode()


def digest(value: Any) -> str:
    """sha256 of the canonical JSON, 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value)).hexdigest()


def from_plain(cls: type[T], plain: Any) -> T:
    """Read back what `to_plain` wrote for dataclass *cls*.

    Absent fields take their default; unknown ones raise TypeError, so that a value
    written by a newer release is never half understood.
    """
    hints = field_types(cast("type", cls))
    unknown = plain.keys() - hints.keys()
    if unknown:
        raise TypeError(f"{cls.__name__} has no {sorted(unknown)}")
    return cls(**{name: decode(hints[name], item) for name, item in plain.items()})


@cache
def field_types(cls: type) -> dict[str, Any]:
    """Field name -> resolved type, for a dataclass."""
    hints = typing.get_type_hints(cls)
    return {field.name: hints[field.name] for field in dataclasses.fields(cls)}


def decode(kind: Any, plain: Any) -> Any:  # noqa: PLR0911 one for each type
    """*plain* as a value of type *kind*."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        some = next(option for option in arguments if option is not types.NoneType)
        return None if plain is None else decode(some, plain)
    if origin is tuple:
        return tuple(decode(arguments[0], item) for item in plain)
    if origin is Mapping:
        return {
            int(key) if arguments[0] is int else decode(arguments[0], key): decode(
                arguments[1], item
            )
            for key, item in plain.items()
        }
    if origin is frozenset:
        return frozenset(decode(arguments[0], item) for item in plain)
    if kind is datetime:
        return parse_time(plain)
    if kind is timedelta:
        return timedelta(seconds=plain)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind[plain]
    if dataclasses.is_dataclass(kind):
        return from_plain(cast("type", kind), plain)
    return float(plain) if kind is float else plain


def format_time(time: datetime) -> str:
    """ISO 8601 in UTC with six decimals. Raises ValueError for a naive time."""
    if time.tzinfo is None:
        raise ValueError("a time without zone has no canonical form")
    utc = time.astimezone(UTC).replace(tzinfo=None)
    return f"{utc.isoformat(timespec='microseconds')}Z"


def parse_time(text: str) -> datetime:
    """Read back what `format_time` wrote."""
    return datetime.fromisoformat(text).astimezone(UTC)
