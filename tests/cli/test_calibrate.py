"""`truepen calibrate`: a platform's own texts in, a model of its own out."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.main import app
from services.detector.model import Model

TEXTS = [
    {"author": "a1", "label": "human", "text": "missed the bus again, walked home wet"},
    {"author": "a2", "label": "human", "text": "地铁上睡着坐过站,坐到终点站才醒"},
    {
        "author": "b1",
        "label": "ai",
        "text": "Unlock your potential with these ten tips",
    },
]


def run(folder: Path, *lines: str) -> tuple[int, list[str], str]:
    labelled = folder / "texts.jsonl"
    labelled.write_text("".join(f"{line}\n" for line in lines), encoding="utf8")
    arguments = ["calibrate", str(labelled), "--output", str(folder / "model")]
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, result.stdout.splitlines(), result.stderr


def test_the_fitted_model_can_be_served_and_is_another_one(tmp_path: Path) -> None:
    code, rows, _ = run(tmp_path, *map(json.dumps, TEXTS))

    fitted = Model(tmp_path / "model")
    assert code == 0
    assert fitted.digest != Model().digest
    assert fitted.card.version == f"{Model().card.version}+platform"
    assert [json.loads(row)["card"] for row in rows] == ["before", "after"] * 2


def test_bad_lines_are_named_and_the_rest_is_used(tmp_path: Path) -> None:
    lines = ["nonsense", '{"text": 1}', '{"text": "x", "label": "robot"}']

    code, rows, complaints = run(tmp_path, json.dumps(TEXTS[0]), *lines)

    assert code == 1
    assert rows
    assert [f"line {n}:" in complaints for n in (2, 3, 4)] == [True] * 3


def test_a_folder_that_exists_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()

    code, rows, _ = run(tmp_path, json.dumps(TEXTS[0]))

    assert code == 2
    assert rows == []
    assert not any((tmp_path / "model").iterdir())


@pytest.mark.parametrize("label", ["", "Human", None])
def test_a_label_is_one_of_three(tmp_path: Path, label: str | None) -> None:
    code, _, complaints = run(tmp_path, json.dumps({"text": "x", "label": label}))

    assert code == 2  # nothing is left to fit
    assert "human, ai, mixed" in complaints
