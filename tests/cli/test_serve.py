"""`truepen serve` with wrong settings: one line that says which, and exit code 2."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.main import app


def test_a_port_out_of_range_is_refused() -> None:
    told = CliRunner().invoke(app, ["serve", "--port", "99999"])

    assert told.exit_code == 2
    assert "--port" in told.stderr


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    told = CliRunner().invoke(app, ["serve", "--data-dir", str(tmp_path / "file")])

    assert told.exit_code == 2
    assert "TRUEPEN_DATA_DIR" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize("command", ["migrate", "verify-log", "prune", "erasures"])
def test_a_database_that_does_not_answer_is_named(
    command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    away = "postgresql://truepen:hush@127.0.0.1:1/truepen"
    monkeypatch.setenv("TRUEPEN_ACCOUNTS_DATABASE_URL", away)
    monkeypatch.setenv("TRUEPEN_POLICY_DATABASE_URL", away)

    told = CliRunner().invoke(app, [command, "--data-dir", str(tmp_path)])

    assert told.exit_code != 0
    assert "no database at postgresql" in told.stderr
    assert "hush" not in told.stderr
    assert isinstance(told.exception, SystemExit)
