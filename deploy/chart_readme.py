"""Writes deploy/k8s/README.md from the comments in values.yaml.

    python deploy/chart_readme.py            write it
    python deploy/chart_readme.py --check    fail where the committed one differs

A comment above a key is its description. A key whose children have comments
becomes a section; what has none is shown as the default of its parent.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).resolve().parent / "k8s"
README = CHART / "README.md"
MARK = "<!-- values -->"


class Comments:
    """The comments of a YAML text, by the line that they stand above."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()

    def above(self, line: int) -> str:
        """Return the comment that ends just above *line*, counted from 0."""
        found: list[str] = []
        while line and (before := self._lines[line - 1].strip()).startswith("#"):
            found.insert(0, before.lstrip("#").strip())
            line -= 1
        return " ".join(found)


def readme(template: str, values: str) -> str:
    """Return *template* with the tables of *values* in place of its mark."""
    root = yaml.compose(values)
    assert isinstance(root, yaml.MappingNode)
    return template.replace(MARK, "\n".join(_tables(root, Comments(values))))


def _tables(root: yaml.MappingNode, comments: Comments) -> Iterator[str]:
    plain = [pair for pair in root.value if not _documented(pair[1], comments)]
    yield from _table(_rows(plain, (), comments))
    for key, value in root.value:
        if _documented(value, comments):
            yield f"\n### `{key.value}`\n"
            yield f"{comments.above(key.start_mark.line)}\n"
            yield from _table(_rows(value.value, (key.value,), comments))


def _table(rows: Iterator[str]) -> Iterator[str]:
    yield "| Value | Default | Meaning |"
    yield "|---|---|---|"
    yield from rows


def _rows(
    pairs: list[Any], parent: tuple[str, ...], comments: Comments
) -> Iterator[str]:
    for key, value in pairs:
        path = (*parent, key.value)
        told = comments.above(key.start_mark.line)
        if _documented(value, comments):
            if told:
                yield f"| `{'.'.join(path)}` | | {_cell(told)} |"
            yield from _rows(value.value, path, comments)
        else:
            yield f"| `{'.'.join(path)}` | `{_cell(_shown(value))}` | {_cell(told)} |"


def _documented(node: yaml.Node, comments: Comments) -> bool:
    """Say whether it has keys of its own to tell of."""
    return (
        isinstance(node, yaml.MappingNode)
        and not node.flow_style
        and bool(node.value)
        and any(
            comments.above(key.start_mark.line) or _documented(value, comments)
            for key, value in node.value
        )
    )


def _shown(node: yaml.Node) -> str:
    value = yaml.SafeLoader("").construct_object(node, deep=True)
    return json.dumps(value, ensure_ascii=False)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(arguments: list[str]) -> int:
    """Write or check; return the exit code."""
    template = (CHART / "README.md.in").read_text(encoding="utf-8")
    values = (CHART / "values.yaml").read_text(encoding="utf-8")
    fresh = readme(template, values)
    if arguments != ["--check"]:
        README.write_text(fresh, encoding="utf-8")
        return 0
    if README.exists() and README.read_text(encoding="utf-8") == fresh:
        return 0
    sys.stderr.write(f"{README} is not what values.yaml says: run make chart-readme\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
