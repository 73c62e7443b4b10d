"""The command as a whole, and how it prints."""

import io
import json
import subprocess
import sys
from importlib.metadata import version

import pytest
from typer.testing import CliRunner

from services.cli.main import app
from services.cli.output import print_record, print_rows

HEAVY = ("grpc", "onnxruntime", "sqlalchemy", "numpy", "rich.progress")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_help_names_every_command() -> None:
    text = CliRunner().invoke(app, ["--help"]).stdout

    for name in ("serve", "detect", "migrate", "standing", "profile", "report"):
        assert name in text


def test_the_release_is_told_in_one_line() -> None:
    told = CliRunner().invoke(app, ["--version"])

    assert (told.exit_code, told.stdout) == (0, f"truepen {version('truepen')}\n")


def test_help_waits_for_no_heavy_library() -> None:
    code = (
        "import sys, services.cli.main;"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


def test_a_pipe_gets_one_json_line() -> None:
    out = io.StringIO()

    print_record({"name": "评论", "rows": [{"a": 1}]}, out)

    assert out.getvalue().count("\n") == 1
    assert json.loads(out.getvalue()) == {"name": "评论", "rows": [{"a": 1}]}


def test_a_terminal_gets_tables() -> None:
    out = Terminal()

    print_record(
        {"tier": "WARNING", "p": 0.123456, "channels": [{"kind": "[STYLE]", "n": 3}]},
        out,
    )

    assert "WARNING" in out.getvalue()
    assert "0.1235" in out.getvalue()
    assert "channels" in out.getvalue()
    assert "[STYLE]" in out.getvalue()


def test_a_narrow_terminal_shows_names_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    out = Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setenv("COLUMNS", "80")
    name = "accounts/alice/appeals/" + "0123456789abcdef" * 2
    row = {"name": name, "note": "n" * 50, "state": "APPEAL_STATE_OPEN", "hidden": 1}

    print_rows("appeals", [row], ("name", "note", "state"))

    assert name in out.getvalue()
    assert out.getvalue().count("n" * 2) > 1
    assert "…" not in out.getvalue()
    assert "hidden" not in out.getvalue()
