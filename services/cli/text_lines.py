"""Reads texts to assess: one JSON object a line, `{"id": …, "text": …}`."""

import gzip
import io
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

Complain = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Item:
    """A text and the id its line has."""

    id: str | int
    text: str


@contextmanager
def opened(path: Path) -> Iterator[tuple[TextIO, Callable[[], int]]]:
    """Open *path*, gzipped or not; also give how many bytes of it were read."""
    with path.open("rb") as raw:
        plain = gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw
        # Broken bytes make a broken text, which is a text; JSON ends at \n only.
        with io.TextIOWrapper(
            plain, encoding="utf-8-sig", errors="replace", newline="\n"
        ) as lines:
            yield lines, raw.tell


def read_items(lines: Iterable[str], complain: Complain) -> Iterator[Item]:
    """Yield what *lines* hold; tell *complain* of each one that is left out.

    Left out is what is no object with an id, and an id that was there before.
    """
    first_seen: dict[str | int, int] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            item = parse(line)
        except (ValueError, RecursionError) as error:
            complain(f"line {number}: {error}")
            continue
        if item.id in first_seen:
            before = first_seen[item.id]
            complain(f"line {number}: id {item.id!r} was on line {before} already")
            continue
        first_seen[item.id] = number
        yield item


def parse(line: str) -> Item:
    """Read one line; ValueError says what is wrong with it."""
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at column {error.colno}") from error
    if not isinstance(row, dict):
        raise ValueError("must be an object with id and text")  # noqa: TRY004
    name = row.get("id")
    if isinstance(name, bool) or not isinstance(name, str | int):
        raise ValueError("id must be a string or an integer")  # noqa: TRY004
    return Item(name, as_text(row.get("text")))


def as_text(value: object) -> str:
    """Return *value* if it is a text, nothing for nothing, else how JSON has it."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value)
