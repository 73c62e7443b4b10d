"""What a command prints: tables on a terminal, JSON lines in a pipe."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

WHOLE = 60
"""Characters of a name that stay on one line, also where the rest must fold."""


def print_message(message: Message, out: TextIO | None = None) -> None:
    """Print *message* with the field names of the contract."""
    print_record(record_of(message), out)


def record_of(message: Message) -> dict[str, Any]:
    """Return *message* with the field names of the contract."""
    record: dict[str, Any] = MessageToDict(
        message,
        preserving_proto_field_name=True,
        always_print_fields_with_no_presence=True,
    )
    return record


def print_rows(
    title: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str] = ()
) -> None:
    """Print one table of *rows* on a terminal, one line each in a pipe.

    A terminal, which is narrow, shows *columns* of them, where any are named.
    """
    if sys.stdout.isatty():
        told = [{key: row.get(key, "") for key in columns or row} for row in rows]
        print_record({title: told or "none"})
        return
    for row in rows:
        print_record(row)


def print_record(record: Mapping[str, Any], out: TextIO | None = None) -> None:
    """Print *record* to *out*, standard output by default.

    On a terminal, what it holds in lists of objects comes as tables of their
    own, below the rest.
    """
    out = out or sys.stdout
    if not out.isatty():
        out.write(json.dumps(record, ensure_ascii=False) + "\n")
        return
    from rich.console import Console

    console = Console(file=out)
    rows = {key: value for key, value in record.items() if value and _is_rows(value)}
    console.print(_pairs({k: v for k, v in record.items() if k not in rows}))
    for title, value in rows.items():
        console.print(_table(title, value))


def _is_rows(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(row, dict) for row in value)


def _pairs(record: Mapping[str, Any]) -> Any:
    from rich.table import Table

    table = Table(show_header=False)
    for key, value in record.items():
        table.add_row(key, _cell(value))
    return table


def _table(title: str, rows: list[dict[str, Any]]) -> Any:
    from rich.table import Table

    columns = list(dict.fromkeys(key for row in rows for key in row))
    table = Table(title=title, title_justify="left")
    for column in columns:  # nothing is cut off: names are copied from here
        longest = max(len(_cell(row.get(column, ""))) for row in rows)
        whole = column == "name" and longest <= WHOLE
        table.add_column(column, overflow="fold", no_wrap=whole)
    for row in rows:
        table.add_row(*(_cell(row.get(column, "")) for column in columns))
    return table


def _cell(value: object) -> str:
    from rich.markup import escape

    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return "\n".join(f"{key}: {_cell(part)}" for key, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(_cell, value))
    return escape(str(value))
