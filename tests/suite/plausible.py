"""Values that a caller might well send: names of what exists, times of now."""

import random
import re
import time
import uuid
from collections import defaultdict, deque
from collections.abc import Sequence
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from services.policy.shipped import DEFAULT
from tests.suite.contract import NOTHING, said

NAME = re.compile(r"[a-z]+/[^/\s]+(?:/[a-z]+/[^/\s]+)*(?:/[a-z]+)?")
WORDS = (
    "今天天气真好",
    "I made this soup twice",
    "a reason",
    "x",
    "🥑 汤",
    "please look",
)
DAY = 86_400
LEARNED_OF_EACH = 10
SHAPES = 64


class Pool:
    """Names, versions and tokens that answers brought, for requests to come."""

    def __init__(self) -> None:
        self._names: dict[str, deque[str]] = defaultdict(lambda: deque(maxlen=SHAPES))
        self._versions: dict[str, int] = {}
        self._tokens: dict[tuple[str, str], str] = {}

    def learn(self, method: str, answers: Sequence[Message]) -> None:
        """Remember what *answers* to *method* name."""
        for answer in answers[:LEARNED_OF_EACH]:
            for field in ("next_page_token", "cursor"):
                if token := getattr(answer, field, ""):
                    self._tokens[method, field.removeprefix("next_")] = token
            self._walk(answer)

    def name(self, shape: str, source: random.Random) -> str:
        """Return a name of *shape*: mostly of something that exists."""
        known = self._names.get(_collections(shape.split("/")))
        if known and source.random() < 0.85:
            return source.choice(known)
        return re.sub(r"\{(\w+)\}", lambda found: made_up(found[1], source), shape)

    def version(self, name: str, source: random.Random) -> int:
        """Return the version last seen of *name*, mostly."""
        known = self._versions.get(name, 1)
        return known if source.random() < 0.8 else known + 1

    def token(self, method: str, field: str) -> str:
        """Return the token last seen in an answer to *method*, or none."""
        return self._tokens.get((method, field), "")

    def _walk(self, message: Message) -> None:
        for field, value in message.ListFields():
            kind = field.message_type
            if kind is not None and kind.GetOptions().map_entry:
                continue
            values = value[:LEARNED_OF_EACH] if field.is_repeated else [value]
            if kind is not None:
                for each in values:
                    self._walk(each)
            elif field.type == FieldDescriptor.TYPE_STRING:
                for each in values:
                    self._see(each)
        if version := getattr(message, "version", 0):
            self._versions[getattr(message, "name", "")] = version

    def _see(self, text: str) -> None:
        if len(text) < 300 and NAME.fullmatch(text):
            known = self._names[_collections(text.split("/"))]
            if text not in known:
                known.append(text)


def _collections(parts: Sequence[str]) -> str:
    """Return what kind of name it is: its words at even places."""
    return "/".join(parts[::2])


def made_up(kind: str, source: random.Random) -> str:
    """Return an id of *kind*; one in a few exists."""
    if kind == "account":
        return f"a{source.randrange(12)}"
    if kind == "activity":
        return f"n{source.randrange(400)}"
    return uuid.UUID(int=source.getrandbits(128), version=4).hex


class Plausible:
    """Fills messages with what may well be true."""

    def __init__(self, pool: Pool, method: str, source: random.Random) -> None:
        self._pool = pool
        self._method = method
        self._source = source

    def fill(self, made: Message, depth: int = 0) -> None:
        """Set every field that is required, and some of the others."""
        kind: Any = made.DESCRIPTOR
        for field in kind.fields:
            known = said().get(field.full_name, NOTHING)
            if field.name == "once":
                setattr(made, field.name, True)  # an endless stream teaches nothing
            elif known.required or self._source.random() < 0.3:
                self._set(made, field, depth)

    def _set(self, made: Message, field: FieldDescriptor, depth: int) -> None:
        if field.message_type is not None:
            self._set_message(made, field, depth)
        elif field.is_repeated:
            count = self._source.choice((1, 1, 2, 4))
            values = {self._scalar(made, field) for _ in range(count)}
            getattr(made, field.name).extend(values)
        else:
            setattr(made, field.name, self._scalar(made, field))

    def _set_message(self, made: Message, field: FieldDescriptor, depth: int) -> None:
        kind = field.message_type
        assert kind is not None
        if depth > 3 or kind.GetOptions().map_entry:
            return
        target = getattr(made, field.name)
        if field.is_repeated:
            for _ in range(self._source.choice((1, 2, 4))):
                self._fill_one(target.add(), field, depth)
        else:
            self._fill_one(target, field, depth)

    def _fill_one(self, target: Any, field: FieldDescriptor, depth: int) -> None:
        assert field.message_type is not None
        kind = field.message_type.full_name
        if kind == "google.protobuf.Timestamp":
            target.seconds = self._instant(field.name)
        elif kind == "google.protobuf.Duration":
            target.seconds = self._source.randrange(1, 90 * DAY)
        elif kind == "google.protobuf.FieldMask":
            target.paths.append(self._path(field.containing_type))
        else:
            target.SetInParent()
            self.fill(target, depth + 1)

    def _instant(self, name: str) -> int:
        day = self._source.uniform(0.01, 60)
        ahead = name in {"expire_time", "end_time"}
        return int(time.time() + (day if ahead else -day) * DAY)

    def _path(self, request: Descriptor | None) -> str:
        """Return a path into the message beside the mask."""
        assert request is not None
        beside = [f for f in request.fields if f.name != "update_mask"]
        fields = [f.name for f in beside[0].message_type.fields]  # type: ignore[union-attr]
        return self._source.choice(fields)

    def _scalar(self, made: Message, field: FieldDescriptor) -> Any:
        if field.enum_type is not None:
            numbers = [value.number for value in field.enum_type.values]
            return self._source.choice(numbers[1:] or numbers)
        if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
            return self._source.random() < 0.5
        if field.cpp_type in {
            FieldDescriptor.CPPTYPE_DOUBLE,
            FieldDescriptor.CPPTYPE_FLOAT,
        }:
            return self._source.random()
        if field.cpp_type != FieldDescriptor.CPPTYPE_STRING:
            return self._number(made, field)
        text = self._text(field)
        return text.encode() if field.type == FieldDescriptor.TYPE_BYTES else text

    def _number(self, made: Message, field: FieldDescriptor) -> int:
        if field.name == "version":
            return self._pool.version(getattr(made, "name", ""), self._source)
        if field.name == "min_revision":
            return self._source.choice((0, 0, 1))
        return self._source.randrange(1, 50)

    def _text(self, field: FieldDescriptor) -> str:
        known = said().get(field.full_name, NOTHING)
        if known.formats:
            return self._pool.name(self._source.choice(known.formats), self._source)
        if field.name in {"page_token", "cursor"}:
            return self._pool.token(self._method, field.name)
        if field.name == "request_id":
            number = self._source.getrandbits(6 if self._source.random() < 0.1 else 120)
            return str(uuid.UUID(int=number, version=4))
        if field.name in {"id", "content", "contents", "parent"}:
            return made_up("activity", self._source)
        if field.name.endswith("digest"):
            return f"{self._source.getrandbits(256):064x}"
        if field.name == "breaker":
            return self._source.choice(("rule:some", "tier:NOTICE", "kill-switch"))
        if field.name == "yaml":
            text = DEFAULT.read_text("utf-8")
            return f"{text}\n# {self._source.randrange(20)}\n"
        return self._source.choice(WORDS)
