"""Requests made from descriptors: some near enough to valid to reach the use case."""

import random
from collections.abc import Callable
from typing import Any

from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message

from tests.suite.plausible import Plausible, Pool

HOSTILE_TEXTS = (
    "",
    "a",
    "accounts/a1",
    "accounts/a1/profile",
    "accounts/a1/standing",
    "accounts/a1/decisions/" + "0" * 32,
    "accounts/",
    "accounts/a/b/c",
    "reports/r1",
    "cases/c1",
    "models/live",
    "rulesets/live",
    "123e4567-e89b-42d3-a456-426614174000",
    "\x00\x01\x7f",
    "\u200b\u202e\ufeff",
    "今天天气真好",
    "é" * 300,
    "🥑" * 1_000,
    "%s%n{}${jndi}",
    "' OR 1=1 --",
    "../../etc/passwd",
    "x" * 100_001,
)
HOSTILE_NUMBERS = (0, 1, -1, 2, 7, 100, 1_001, 2**31 - 1, -(2**31))
HOSTILE_LARGE = (*HOSTILE_NUMBERS, 2**63 - 1, -(2**63))
HOSTILE_DOUBLES = (0.0, 1.0, -1.0, 0.5, 1e308, float("nan"), float("inf"))

_INT32 = {
    FieldDescriptor.CPPTYPE_INT32: HOSTILE_NUMBERS,
    FieldDescriptor.CPPTYPE_INT64: HOSTILE_LARGE,
    FieldDescriptor.CPPTYPE_DOUBLE: HOSTILE_DOUBLES,
}


def request(method: MethodDescriptor, seed: int, pool: Pool) -> Message:
    """Make request *seed* of *method*: as callers send it, spoiled, or all hostile.

    The same seed and the same answers before make the same request.
    """
    source = random.Random(f"{method.full_name} {seed}")
    if source.random() < 0.1:
        return _fill(method.input_type, source, 0)
    made = message_factory.GetMessageClass(method.input_type)()
    Plausible(pool, method.full_name, source).fill(made)
    if source.random() < 0.35:
        _spoil(made, source)
    return made


def _spoil(made: Message, source: random.Random) -> None:
    """Put something hostile into one place of *made*."""
    kind: Any = made.DESCRIPTOR
    fields = [f for f in kind.fields if f.name != "once"]
    if not fields:
        return
    field = source.choice(fields)
    value = getattr(made, field.name)
    if field.message_type is None:
        if field.is_repeated:
            _append(made, field, source, 0)
        else:
            setattr(made, field.name, _scalar(field, source))
    elif not field.is_repeated:
        _spoil(value, source)
    elif value and not field.message_type.GetOptions().map_entry:
        _spoil(value[0], source)


def _fill(descriptor: Descriptor, source: random.Random, depth: int) -> Message:
    made = message_factory.GetMessageClass(descriptor)()
    for field in descriptor.fields:
        if field.name == "once":
            setattr(made, field.name, True)  # an endless stream teaches nothing
            continue
        if source.random() < 0.35:
            continue
        if field.is_repeated:
            for _ in range(source.choice((1, 1, 2, 5))):
                _append(made, field, source, depth)
        elif field.message_type is not None:
            if depth < 4:
                value = _fill(field.message_type, source, depth + 1)
                getattr(made, field.name).CopyFrom(value)
        else:
            setattr(made, field.name, _scalar(field, source))
    return made


def _append(
    made: Message, field: FieldDescriptor, source: random.Random, depth: int
) -> None:
    items = getattr(made, field.name)
    if field.message_type is None:
        items.append(_scalar(field, source))
    elif not field.message_type.GetOptions().map_entry and depth < 4:
        items.append(_fill(field.message_type, source, depth + 1))


def _scalar(field: FieldDescriptor, source: random.Random) -> Any:
    if field.name == "seconds":
        return source.choice((0, 1_790_000_000, 1_760_000_000, -1, 2**62))
    if field.enum_type is not None:
        numbers = [value.number for value in field.enum_type.values]
        return source.choice([*numbers, 999])
    known = _INT32.get(field.cpp_type)
    if known is not None:
        return source.choice(known)
    makers: dict[int, Callable[[], Any]] = {
        FieldDescriptor.CPPTYPE_BOOL: lambda: source.random() < 0.5,
        FieldDescriptor.CPPTYPE_UINT32: lambda: source.choice((0, 1, 2**32 - 1)),
        FieldDescriptor.CPPTYPE_UINT64: lambda: source.choice((0, 1, 2**64 - 1)),
        FieldDescriptor.CPPTYPE_FLOAT: lambda: source.choice((0.0, 1.0)),
    }
    if field.cpp_type in makers:
        return makers[field.cpp_type]()
    text = source.choice(HOSTILE_TEXTS)
    return text.encode() if field.type == FieldDescriptor.TYPE_BYTES else text
