"""Typed reading of a YAML mapping into a frozen dataclass, all problems at once."""

import math
import re
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any

from services.policy.domain.canonical import field_types
from services.policy.domain.yamlnodes import InvalidRuleset, Node

UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
DURATION = re.compile(r"(\d{1,6})([smhd])")


def decode(cls: type, node: Node, where: str, **overrides: Any) -> dict[str, Any]:
    """Constructor arguments for dataclass *cls* from *node*.

    *overrides* are fields read elsewhere. Raises InvalidRuleset with every problem.
    """
    if not isinstance(node.value, dict):
        raise InvalidRuleset([f"{where}, {node.place}: must be a mapping"])
    problems: list[str] = []
    known = field_types(cls)
    values: dict[str, Any] = {}
    for name, item in node.value.items():
        if name in overrides:
            continue
        if name not in known:
            problems.append(f"{where} {name}, {item.place}: no such field")
            continue
        try:
            values[name] = typed(known[name], item)
        except ValueError as error:
            problems.append(f"{where} {name}, {item.place}: {error}")
    for field in fields(cls):
        required = field.default is MISSING and field.default_factory is MISSING
        if required and field.name not in (node.value.keys() | overrides.keys()):
            problems.append(f"{where}, {node.place}: {field.name} is missing")
    if problems:
        raise InvalidRuleset(problems)
    return values | overrides


def typed(kind: Any, node: Node) -> Any:  # noqa: PLR0911 one for each type
    """*node* as a value of type *kind*. Raises ValueError saying what it must be."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return None if node.value is None else typed(arguments[0], node)
    if origin is tuple:
        return tuple(typed(arguments[0], item) for item in items(node))
    if origin is Mapping:
        return mapping(arguments[0], arguments[1], node)
    if kind is timedelta:
        return duration(node.value)
    if kind is datetime:
        return instant(node.value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return member(kind, node.value)
    return simple(kind, node.value)


def items(node: Node) -> list[Node]:
    """The items of a sequence."""
    if not isinstance(node.value, list):
        raise ValueError("must be a list")  # noqa: TRY004 told to people
    return node.value


def mapping(key: Any, value: Any, node: Node) -> dict[Any, Any]:
    """A typed mapping."""
    if not isinstance(node.value, dict):
        raise ValueError("must be a mapping")  # noqa: TRY004 told to people
    return {
        typed(key, Node(name, node.place)): typed(value, item)
        for name, item in node.value.items()
    }


def simple(kind: Any, value: Any) -> Any:
    """A number, text or truth value; an int may stand for a float."""
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not kind:
        raise ValueError(f"must be {kind.__name__}, is {type(value).__name__}")
    if kind is float and not math.isfinite(value):
        raise ValueError("must be a finite number")
    if kind in (int, float) and value < 0:
        raise ValueError("must not be negative")
    return value


def duration(value: Any) -> timedelta:
    """A length of time, as `7d`, `24h`, `30m`, `90s`, or 0."""
    if value == 0 and not isinstance(value, bool):
        return timedelta(0)
    found = DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("must be a length of time such as 7d, 24h, 30m, 90s or 0")
    return timedelta(seconds=int(found[1]) * UNITS[found[2]])


def instant(value: Any) -> datetime:
    """A time with its zone; a date, or a time YAML has turned to UTC, is UTC."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    raise ValueError("must be a time such as 2026-03-10T00:00:00+08:00")


def member(kind: type[Enum], value: Any) -> Enum:
    """An enum member by name."""
    names = [item.name for item in kind]
    if value in names:
        return kind[value]
    raise ValueError(f"must be one of {', '.join(names)}, is {value}")
