"""Recorded accounts are read as written, or refused by line."""

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cli.batches import BATCH, BATCH_SPAN_US, batches
from services.cli.recordings import (
    Recording,
    RecordingError,
    activity_type,
    read_recordings,
    resource_id,
    time_us,
)
from services.cli.replayer import Progress
from truepen.accounts.v1 import activities_pb2 as pb


def written(folder: Path, *rows: Any) -> Path:
    path = folder / "in.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def an_account(name: str = "a", **event: Any) -> dict[str, Any]:
    return {"account": name, "events": [{"t": 0, "type": "post", **event}]}


@pytest.mark.parametrize(
    ("kind", "type_"),
    [
        ("post", pb.ACTIVITY_TYPE_NOTE),
        ("reply", pb.ACTIVITY_TYPE_COMMENT),
        ("Commenting issue", pb.ACTIVITY_TYPE_COMMENT),
        ("repost", pb.ACTIVITY_TYPE_REPOST),
        ("Starring repository", pb.ACTIVITY_TYPE_LIKE),
        ("commit", pb.ACTIVITY_TYPE_OTHER),
        ("whatever comes", pb.ACTIVITY_TYPE_OTHER),
    ],
)
def test_kinds_of_events_become_types(
    kind: str, type_: "pb.ActivityType.ValueType"
) -> None:
    assert activity_type(kind) == type_


@pytest.mark.parametrize(
    "time",
    [1710547208, 1710547208.0, "2024-03-16T00:00:08Z", "2024-03-16T08:00:08+08:00"],
)
def test_times_are_the_same_in_any_notation(time: Any) -> None:
    assert time_us(time, "t") == 1_710_547_208_000_000


def test_gzipped_files_are_read(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write(json.dumps(an_account()))

    assert [r.account for r in read_recordings(path)] == ["a"]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ([], "JSON object"),
        ({"events": []}, '"account"'),
        ({"account": "a"}, '"events"'),
        (an_account(t="yesterday"), r"events\[0\].t"),
        (an_account(t=None), r"events\[0\].t"),
        (an_account(type=3), r"events\[0\].type"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, row: Any, problem: str) -> None:
    path = written(tmp_path, an_account("good"), row)

    with pytest.raises(RecordingError, match=rf"line 2: .*{problem}"):
        list(read_recordings(path))


def test_an_account_may_not_come_twice(tmp_path: Path) -> None:
    path = written(tmp_path, an_account(), an_account())

    with pytest.raises(RecordingError, match="line 1 already"):
        list(read_recordings(path))


@given(st.text())
def test_any_name_becomes_an_id(name: str) -> None:
    made = resource_id(name)

    assert 1 <= len(made) <= 128
    assert made.isprintable()
    assert "/" not in made


@given(st.sets(st.text(max_size=40), min_size=2, max_size=8))
def test_different_names_stay_different(names: set[str]) -> None:
    assert len({resource_id(name) for name in names}) == len(names)


@given(st.lists(st.integers(0, 10**13), max_size=60))
def test_batches_hold_every_event_in_order_and_at_most_six_hours(
    times: list[int],
) -> None:
    rows = [{"t": time / 1e6, "type": "post"} for time in times]
    recording = Recording.from_json({"account": "a", "events": rows})

    made = list(batches([recording]))

    sent = [time for batch in made for time, *_ in batch]
    assert sent == sorted(event.time_us for event in recording.events)
    assert all(len(batch) <= BATCH for batch in made)
    assert all(batch[-1][0] - batch[0][0] <= BATCH_SPAN_US for batch in made)


def test_an_account_is_judged_when_its_recording_ends() -> None:
    """Other accounts may go on for a year, and then its texts are too old."""
    rows = [{"t": 0, "type": "post"}, {"t": 1, "type": "post"}]
    recording = Recording.from_json({"account": "a", "events": rows})
    progress = Progress(recording, acknowledged=2, judged_at=1, judged_sent=1)

    assert replace(progress, sent=2).due(2)
    assert not replace(progress, sent=1).due(2)


def test_an_account_without_news_is_not_judged_again() -> None:
    recording = Recording.from_json({"account": "a", "events": []})

    assert not Progress(recording, sent=5, judged_sent=5).due(10**15)
