"""Files that cannot be read or written: a line that names them, and exit code 2."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.main import app

PERIOD = ["--from", "2026-11-01", "--to", "2026-12-01"]


def refused(*arguments: str | Path) -> str:
    """What the command says on standard error while it ends with code 2."""
    told = CliRunner().invoke(app, [str(each) for each in arguments])

    assert told.exit_code == 2, told.output
    assert isinstance(told.exception, SystemExit)
    return told.stderr


@pytest.mark.parametrize("content", [b"no gzip", b"\x1f\x8b\x08\x00\x00\x00"])
@pytest.mark.parametrize("command", ["detect", "calibrate", "replay"])
def test_what_is_no_gzip_is_named(tmp_path: Path, command: str, content: bytes) -> None:
    file = tmp_path / "in.jsonl.gz"
    file.write_bytes(content)
    output: list[str | Path] = []
    if command == "calibrate":
        output = ["--output", tmp_path / "out"]

    assert "in.jsonl.gz: cannot be read" in refused(command, file, *output)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["detect", "replay"])
def test_output_that_cannot_be_written_is_named_before_any_work(
    tmp_path: Path, command: str
) -> None:
    file = tmp_path / "in.jsonl"
    file.write_text("nonsense")
    output = tmp_path / "nowhere" / "out.jsonl"

    said = refused(command, file, "--output", output)

    assert said == f"{output}: cannot be written: No such file or directory\n"


@pytest.mark.parametrize("command", ["calibrate", "replay"])
def test_an_empty_file_leaves_nothing_to_do(tmp_path: Path, command: str) -> None:
    file = tmp_path / "in.jsonl"
    file.touch()
    output = tmp_path / "out"

    assert "holds no" in refused(command, file, "--output", output)
    assert not output.is_dir()


def test_a_ruleset_that_is_no_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_bytes(b"\xff\xfe")

    assert "rules.yaml: cannot be read" in refused("backtest", file, *PERIOD)


def test_what_is_neither_a_file_nor_a_digest_is_no_ruleset(tmp_path: Path) -> None:
    framed = refused("backtest", tmp_path, *PERIOD)

    # Where lines break, also within a path, depends on how long it is.
    said = "".join(framed.replace("│", "").split())
    expected = f"{tmp_path} is no file, and no digest of a ruleset"
    assert expected.replace(" ", "") in said


def test_a_log_that_never_heard_of_an_account_does_not_vouch_for_it(
    tmp_path: Path,
) -> None:
    CliRunner().invoke(app, ["migrate", "--data-dir", str(tmp_path)])

    said = refused("verify-log", "nobody", "--data-dir", tmp_path)

    assert said == "the log has no entry of accounts/nobody\n"
