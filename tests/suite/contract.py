"""What the comments of the contracts say of each field, beyond its type."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PROTOS = Path(__file__).parents[2] / "protos" / "truepen"
FIELD = re.compile(r"(?:repeated |optional )?(?:map<[^>]+>|[\w.]+) (\w+) = \d+")
FORMAT = re.compile(r"Format: `([^`]+)`")


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of one field."""

    required: bool
    formats: tuple[str, ...]
    """Shapes of a resource name, as `accounts/{account}/profile`."""


NOTHING = Said(required=False, formats=())


@cache
def said() -> dict[str, Said]:
    """Return what is said of each field, by its full name."""
    found: dict[str, Said] = {}
    for path in sorted(PROTOS.rglob("*.proto")):
        found.update(_read(path.read_text("utf-8")))
    return found


def _read(source: str) -> dict[str, Said]:
    found: dict[str, Said] = {}
    scope: list[str] = []
    comment = package = ""
    for line in map(str.strip, source.splitlines()):
        if line.startswith("//"):
            comment += line.removeprefix("//")
            continue
        if line.startswith("package "):
            package = line[len("package ") : -1]
        elif line.endswith("{"):
            kind, name = line.split()[:2]
            scope.append(name if kind == "message" else "")
        elif line == "}":
            scope.pop()
        elif field := FIELD.match(line):
            parts = [package, *filter(None, scope), field[1]]
            found[".".join(parts)] = Said(
                "Required." in comment, tuple(FORMAT.findall(comment))
            )
        comment = ""
    return found
