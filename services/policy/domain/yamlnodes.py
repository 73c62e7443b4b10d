"""YAML text to plain values with their places, bounded before anything is built."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

MAX_CHARS = 262_144
MAX_NODES = 10_000
MAX_DEPTH = 8


class InvalidRuleset(ValueError):
    """The ruleset is refused. `problems` name rule, field, line and column."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands. Line and column start at 1."""

    line: int
    column: int

    def __str__(self) -> str:
        """As people read it."""
        return f"line {self.line}, column {self.column}"


@dataclass(frozen=True, slots=True)
class Node:
    """A YAML value with its place; mappings and sequences hold nodes."""

    value: Any
    place: Place
    block: bool = False
    """A literal block, whose text begins on the next line."""

    def plain(self) -> Any:
        """The value without places."""
        if isinstance(self.value, dict):
            return {name: node.plain() for name, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value


def read(text: str) -> Node:
    """Parse *text*. Raises InvalidRuleset, also for aliases and merge keys."""
    if len(text) > MAX_CHARS:
        raise InvalidRuleset([f"has more than {MAX_CHARS} characters"])
    try:
        refuse_excess(yaml.parse(text, yaml.SafeLoader))
        root = yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        raise InvalidRuleset([complaint(error)]) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise InvalidRuleset([str(error).split("\n")[0]]) from None
    if root is None:
        raise InvalidRuleset(["is empty"])
    return built(root)


def complaint(error: yaml.MarkedYAMLError) -> str:
    """What YAML says is wrong, with its place."""
    mark = error.problem_mark
    at = f"{Place(mark.line + 1, mark.column + 1)}: " if mark else ""
    return f"{at}{error.problem or error.context}"


def refuse_excess(events: Iterator[yaml.Event]) -> None:
    """Stop at the first alias, or when there is too much or too deep."""
    depth = 0
    for count, event in enumerate(events):
        if isinstance(event, yaml.AliasEvent):
            raise InvalidRuleset([f"{at(event)}: aliases are not allowed"])
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise InvalidRuleset([f"{at(event)}: is nested more than {MAX_DEPTH} deep"])
        if count > MAX_NODES:
            raise InvalidRuleset([f"{at(event)}: has more than {MAX_NODES} values"])


def at(thing: yaml.Event | yaml.Node) -> Place:
    """Where *thing* begins."""
    mark = thing.start_mark
    return Place(mark.line + 1, mark.column + 1) if mark else Place(0, 0)


def built(node: yaml.Node) -> Node:
    """The values of *node*, by the safe schema only."""
    if isinstance(node, yaml.MappingNode):
        found: dict[Any, Node] = {}
        for key, item in node.value:
            name = scalar(key)
            if not isinstance(name, str | int) or name in found:
                raise InvalidRuleset([f"{at(key)}: {name!r} is no key, or is twice"])
            found[name] = built(item)
        return Node(found, at(node))
    if isinstance(node, yaml.SequenceNode):
        return Node([built(item) for item in node.value], at(node))
    block = getattr(node, "style", None) in ("|", ">")
    return Node(scalar(node), at(node), block)


def scalar(node: yaml.Node) -> Any:
    """A single value. Raises InvalidRuleset for tags beyond the safe schema."""
    constructor = yaml.constructor.SafeConstructor()
    try:
        return constructor.construct_object(node)
    except (yaml.YAMLError, ValueError):
        raise InvalidRuleset([f"{at(node)}: is not a plain value"]) from None
