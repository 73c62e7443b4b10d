"""`truepen ruleset check`: every fault, with its place, before anything is served."""

import json
from pathlib import Path

from typer.testing import CliRunner

from services.cli.main import app
from services.policy.shipped import DEFAULT


def test_the_shipped_ruleset_is_fine() -> None:
    result = CliRunner().invoke(app, ["ruleset", "check", str(DEFAULT)])

    found = json.loads(result.stdout)
    assert result.exit_code == 0
    assert found["rules"] > 1
    assert len(found["digest"]) == 64


def test_each_fault_is_told_with_rule_line_and_column(tmp_path: Path) -> None:
    text = DEFAULT.read_text("utf-8")
    place = text.index("when:")
    line = text.count("\n", 0, place) + 1
    end = text.index("\n", place)
    file = tmp_path / "rules.yaml"
    file.write_text(f"{text[:place]}when: nosuch > 1{text[end:]}", "utf-8")

    result = CliRunner().invoke(app, ["ruleset", "check", str(file)])

    assert result.exit_code == 1
    assert result.stdout == ""
    assert f"{file}: rule " in result.stderr
    assert f"line {line}, column " in result.stderr
