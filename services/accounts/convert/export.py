"""Rows as JSON lines: what is kept, readable by the person it is about."""

import base64
import json
from collections.abc import Mapping

from google.protobuf.json_format import MessageToDict

from truepen.accounts.v1 import activities_pb2 as pb

TEXTUAL = frozenset({"text", "note", "contents"})


def json_line(row: Mapping[str, object]) -> str:
    """Return *row* as a JSON line; facts as the message that they are."""
    shown = {name: _shown(name, value) for name, value in row.items()}
    return json.dumps(shown, ensure_ascii=False) + "\n"


def _shown(name: str, value: object) -> object:
    if isinstance(value, dict):
        return {inner: _shown(inner, found) for inner, found in value.items()}
    if not isinstance(value, bytes):
        return value
    if name == "facts":
        return MessageToDict(
            pb.Activity.FromString(value), preserving_proto_field_name=True
        )
    if name in TEXTUAL:
        return value.decode()
    return base64.b64encode(value).decode()
