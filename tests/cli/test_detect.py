"""`truepen detect`: exactly one line an id, whatever the text."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from services.cli import detect as command
from services.cli.main import app
from services.cli.text_lines import Item, parse, read_items
from services.detector.settings import SHIPPED
from tests.detector.fakes import FakeAssessor

KEYS = ["id", "verdict", "ai_probability", "log_likelihood_ratio", "language", "model"]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def run(path: Path, *options: str) -> Any:
    return CliRunner().invoke(app, ["detect", str(path), *options])


@pytest.fixture
def fake_model(monkeypatch: pytest.MonkeyPatch) -> FakeAssessor:
    """The command runs, and loads this instead of a model."""
    model = FakeAssessor()
    monkeypatch.setattr(command, "load", lambda model_dir: model)
    return model


def written(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf8").splitlines()]


@given(st.lists(json_values))
def test_whatever_the_text_there_is_one_line_an_id(texts: list[Any]) -> None:
    lines = [json.dumps({"id": i, "text": text}) for i, text in enumerate(texts)]

    items = read_items(lines, pytest.fail)
    rows = [
        row
        for rows in command.assessed(items, FakeAssessor(), lambda _: None)
        for row in rows
    ]

    assert [row["id"] for row in rows] == list(range(len(texts)))
    assert all(list(row) == KEYS for row in rows)
    assert all(0 <= row["ai_probability"] <= 1 for row in rows)


def test_a_text_the_model_fails_on_says_nothing_and_harms_no_other() -> None:
    items = [Item("a", "fine"), Item("b", "bad"), Item("c", "fine")]
    complaints: list[str] = []

    ((a, b, c),) = command.assessed(items, FakeAssessor(), complaints.append)

    assert (a["verdict"], c["verdict"]) == ("AI_GENERATED", "AI_GENERATED")
    assert (b["verdict"], b["ai_probability"], b["log_likelihood_ratio"]) == (
        "UNDECIDED",
        0.5,
        0.0,
    )
    assert complaints == ["id 'b': the model failed on it"]


def test_texts_are_assessed_in_batches_and_told_in_order() -> None:
    model = FakeAssessor()
    items = (Item(n, "x") for n in range(600))

    rows = list(command.assessed(items, model, pytest.fail))

    assert sorted(len(batch) for batch in model.batches) == [24, *[64] * 9]
    assert [row["id"] for some in rows for row in some] == list(range(600))


def test_what_cannot_be_read_is_named_by_line() -> None:
    lines = [
        '{"id": "a", "text": "x"}',
        "{oops",
        "",
        '["id", "text"]',
        '{"text": "x"}',
        '{"id": "a", "text": "again"}',
        "[" * 100_000,
    ]
    complaints: list[str] = []

    items = list(read_items(lines, complaints.append))

    assert items == [Item("a", "x")]
    assert [complaint.split(":")[0] for complaint in complaints] == [
        "line 2",
        "line 4",
        "line 5",
        "line 6",
        "line 7",
    ]
    assert "was on line 1 already" in complaints[3]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("null", ""),
        ('""', ""),
        ("12", "12"),
        ('["a"]', '["a"]'),
        (r'"\ud800"', "\ud800"),
    ],
)
def test_what_is_no_text_is_read_as_one(value: str, text: str) -> None:
    assert parse(f'{{"id": 1, "text": {value}}}') == Item(1, text)


def test_a_file_becomes_a_file(tmp_path: Path, fake_model: FakeAssessor) -> None:
    source, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(b'\xef\xbb\xbf{"id": "a", "text": "x\xff"}\n\n{"id": "b"}\n')

    result = run(source, "--output", str(output))

    assert result.exit_code == 0
    assert [line["id"] for line in written(output)] == ["a", "b"]
    assert json.loads(result.stdout)["texts"] == 2


def test_gzipped_files_are_read_and_written(
    tmp_path: Path, fake_model: FakeAssessor
) -> None:
    source, output = tmp_path / "in.jsonl.gz", tmp_path / "out.jsonl.gz"
    source.write_bytes(gzip.compress(b'{"id": "a", "text": "x"}\n'))

    run(source, "--output", str(output))

    assert json.loads(gzip.decompress(output.read_bytes()))["id"] == "a"


def test_without_an_output_lines_go_down_the_pipe(
    tmp_path: Path, fake_model: FakeAssessor
) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"id": "a", "text": "x"}\n{"id": "b", "text": "y"}\n')

    result = run(source)

    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["id"] for line in lines] == ["a", "b"]


def test_a_bad_line_fails_the_command_and_loses_no_other(
    tmp_path: Path, fake_model: FakeAssessor
) -> None:
    source, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"id": "a", "text": "x"}\nnot json\n{"id": "b", "text": "y"}\n')

    result = run(source, "--output", str(output))

    assert result.exit_code == 1
    assert "line 2: not JSON" in result.stderr
    assert [line["id"] for line in written(output)] == ["a", "b"]


def test_a_folder_without_a_model_is_told_apart_from_a_bug(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text("")

    result = run(source, "--model-dir", str(tmp_path))

    assert result.exit_code == 2
    assert str(tmp_path) in result.stderr


@pytest.mark.skipif(not (SHIPPED / "card.json").exists(), reason="no model is here")
def test_the_shipped_model_answers_every_kind_of_text(tmp_path: Path) -> None:
    texts = (
        "今天去了一家新开的咖啡店,环境真的很好,推荐大家也来试试看!",
        "We went to the new place on the corner and it was really quite good.",
        "Nous sommes allés au marché hier et il faisait très beau.",
        "",
        None,
        "\ud800",
        "\x00\u200b\u202e",
        "字" * 250_000,
    )
    source, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    lines = [json.dumps({"id": str(n), "text": t}) for n, t in enumerate(texts)]
    source.write_text("\n".join(lines))

    result = run(source, "--output", str(output))

    rows = written(output)
    assert result.exit_code == 0
    assert [row["id"] for row in rows] == [str(n) for n in range(len(texts))]
    assert [row["language"] for row in rows[:3]] == ["zh", "en", "und"]
    assert all(isinstance(row["ai_probability"], float) for row in rows)
    assert all(row["verdict"] == "UNDECIDED" for row in rows[2:7])
