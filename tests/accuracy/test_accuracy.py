"""`make evaluate` on texts made up here: what it writes, refuses and remembers."""

import gzip
import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from services.accounts.fitting.ranking import auroc
from services.cli.stories import samples
from services.detector.detect import Detector
from services.detector.model import PACKAGED, Model
from tests.accuracy.__main__ import main
from tests.accuracy.accounts import Outcome, reached, replayed
from tests.accuracy.findings import failures
from tests.accuracy.measures import Ladder, ranked
from tests.accuracy.remembered import Memory, Remembering, RememberingArms

PEOPLE = (
    "missed the bus again so i walked, my shoes are soaked and honestly who cares",
    "Does anyone else's cat just sit in the sink? Mine won't let me brush my teeth.",
    "ok that match last night, i lost my voice and we still drew, typical of us",
    "my nan's recipe says a handful of flour. whose hand nan. whose hand",
)
MACHINES = (
    "In today's fast-paced world, finding balance is essential. Here are five practical tips that can transform your morning routine and elevate your productivity.",
    "Whether you're a seasoned traveler or planning your first adventure, this comprehensive guide will help you navigate the hidden gems of the city with confidence.",
    "Embracing a mindful approach to nutrition not only enhances your well-being but also fosters a deeper connection with the food that nourishes your body.",
    "Ultimately, success is not just about reaching your goals; it is about the journey, the lessons learned, and the resilience built along the way.",
)
PEER = """
import json, sys
for line in sys.stdin:
    print(json.dumps({"score": len(json.loads(line)["text"])}))
"""


def row(number: int, lang: str, label: str, text: str) -> dict[str, Any]:
    return {
        "id": f"made/up/{lang}/{label}{number}",
        "text": text,
        "label": label,
        "lang": lang,
        "source": "made_up",
        "domain": "twin" if label == "human" else "social_note",
        "generator": None,
        "attack": "light" if label == "mixed" else None,
    }


def texts_of(lang: str) -> list[dict[str, Any]]:
    told = samples()
    people = PEOPLE if lang == "en" else told["person"][:6]
    machines = MACHINES if lang == "en" else told["hosted"][:6]
    found = [row(k, lang, "human", text) for k, text in enumerate(people)]
    found += [row(k, lang, "ai", text) for k, text in enumerate(machines)]
    return [*found, row(0, lang, "mixed", people[0])]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    (folder / "text").mkdir()
    for lang in ("zh", "en"):
        with gzip.open(
            folder / f"text/dev.{lang}.jsonl.gz", "wt", encoding="utf8"
        ) as f:
            f.writelines(json.dumps(each) + "\n" for each in texts_of(lang))
    return folder


@pytest.fixture(scope="module")
def written(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of what one run wrote, with a peer that runs and one that cannot."""
    folder = tmp_path_factory.mktemp("written")
    peer = folder / "peer.py"
    peer.write_text(PEER)
    arguments = [
        str(data),
        "--texts-only",
        "--docs",
        str(folder),
        "--work",
        str(folder),
    ]
    arguments += ["--peer", "en", "by length", f"{sys.executable} {peer}"]
    arguments += ["--peer", "zh", "nowhere", str(folder / "no-such-program")]
    assert main(arguments) == 0
    return folder


def test_each_source_stands_beside_its_peers(written: Path) -> None:
    found = json.loads((written / "accuracy.json").read_text("utf8"))
    arms = found["texts"]["en"]["sources"]["made_up"]["arms"]

    assert set(arms) == {
        "TruePen",
        "n-grams, characters",
        "n-grams, pieces",
        "by length",
    }
    assert arms["by length"]["auroc"] == 1.0
    assert "| made_up | 4 | 4 |" in (written / "accuracy.md").read_text("utf8")


def test_a_peer_that_cannot_run_is_told_and_fails_nothing(written: Path) -> None:
    page = (written / "accuracy.md").read_text("utf8")

    assert "nowhere was not run" in page


def test_no_text_of_the_data_is_written(written: Path) -> None:
    page = (written / "accuracy.md").read_text("utf8")
    page += (written / "accuracy.json").read_text("utf8")
    page += (written / "predictions.jsonl").read_text("utf8")

    said = [each["text"] for lang in ("zh", "en") for each in texts_of(lang)]
    assert [text for text in said if text in page] == []


def test_figures_that_the_page_shows_are_there(written: Path) -> None:
    page = (written / "accuracy.md").read_text("utf8")

    shown = {part.partition(")")[0] for part in page.split("](figures/")[1:]}
    assert shown
    assert all((written / "figures" / name).stat().st_size > 300 for name in shown)


def test_help_says_what_data_must_hold(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])

    assert ended.value.code == 0
    assert "text/dev.{zh,en}.jsonl.gz" in capsys.readouterr().out


@pytest.mark.parametrize(
    "problem", ["absent", "empty", "no accounts", "a line", "a label"]
)
def test_wrong_data_is_refused_by_name(
    problem: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "data"
    if problem != "absent":
        (folder / "text").mkdir(parents=True)
    if problem not in ("absent", "empty"):
        for lang in ("zh", "en"):
            name = f"text/dev.{lang}.jsonl.gz"
            (folder / name).write_bytes((data / name).read_bytes())
    if problem in ("a line", "a label"):
        bad = {"id": "x"} if problem == "a line" else row(0, "zh", "human", "好")
        with gzip.open(folder / "text/dev.zh.jsonl.gz", "wt") as lines:
            lines.write(json.dumps(bad) + "\n")
    only = ["--texts-only"] if problem in ("a line", "a label") else []

    status = main([str(folder), "--work", str(tmp_path), *only])

    expected = {
        "absent": "must be a folder",
        "empty": "DATA lacks",
        "no accounts": "behaviour",
        "a line": "line 1: no text",
        "a label": "labelled",
    }
    told = " ".join(capsys.readouterr().err.split())
    assert status == 2
    assert expected[problem] in told


def test_remembered_scores_judge_as_the_model_does(tmp_path: Path) -> None:
    texts = [*PEOPLE, *MACHINES, *samples()["hosted"][:4], "", "bonjour à tous"]
    plain = Detector(Model()).detect(texts)

    with Memory(tmp_path / "scores") as memory:
        first = Detector(Remembering(PACKAGED, memory)).detect(texts)
    with Memory(tmp_path / "scores") as memory:
        again = Detector(Remembering(PACKAGED, memory)).detect(texts)

    assert first == plain
    assert again == plain


class CountingArms:
    """Scores a text by its length, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def score(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += texts
        return np.array([[len(text)] for text in texts], np.float32)


def test_a_run_that_was_cut_short_goes_on_where_it_was(tmp_path: Path) -> None:
    arms = CountingArms()
    with Memory(tmp_path / "scores") as memory:
        RememberingArms(arms, "same weights", memory).score(["a", "bb"])

    with Memory(tmp_path / "scores") as memory:
        found = RememberingArms(arms, "same weights", memory).score(["bb", "ccc", "a"])
        RememberingArms(arms, "other weights", memory).score(["a"])

    assert found.tolist() == [[2], [3], [1]]
    assert arms.asked == ["a", "bb", "ccc", "a"]


@given(
    st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2).filter(
        lambda rows: len({machine for _, machine in rows}) == 2
    )
)
def test_an_unweighted_ladder_ranks_as_ranking_does(
    rows: list[tuple[int, bool]],
) -> None:
    scores = np.array([float(score) for score, _ in rows])
    machine = np.array([machine for _, machine in rows])

    found = Ladder.of(scores, machine).auroc(np.ones(len(rows)))

    assert found == pytest.approx(auroc(scores, machine))


def test_texts_of_one_author_widen_the_interval() -> None:
    dice = random.Random(1)
    groups = [str(k // 20) for k in range(800)]
    machine = np.array([k // 20 % 2 == 1 for k in range(800)])
    of_author = {group: dice.gauss(0, 1) for group in groups}
    scores = np.array([of_author[g] + m for g, m in zip(groups, machine, strict=True)])

    def width(by: Sequence[str]) -> float:
        low, high = ranked({"ours": scores}, "ours", machine, by)["ours"].interval
        return high - low

    assert width(groups) > 1.5 * width([str(k) for k in range(800)])


def test_an_arm_is_better_only_beyond_chance() -> None:
    dice = np.random.default_rng(3)
    machine = dice.random(400) < 0.5
    ours = dice.normal(size=400) + machine.astype(np.float64)
    arms = {
        "ours": ours,
        "twin": ours + dice.normal(size=400) / 100,
        "seer": machine.astype(np.float64),
    }

    found = ranked(arms, "ours", machine, [str(k) for k in range(400)])

    assert (found["seer"].is_better, found["twin"].is_better) == (True, False)
    assert found["ours"].above is None


def test_failures_come_from_every_source_in_turn() -> None:
    rows = [
        {"id": f"{source}{k}", "source": source, "label": "human", "verdict": "AI_GENERATED", "ai_probability": 0.9 - k / 100}
        for source in ("a", "b")
        for k in range(6)
    ]  # fmt: skip

    assert failures(rows)["people called AI_GENERATED"][:4] == ["a0", "b0", "a1", "b1"]


def test_bounds_of_no_case_are_exact() -> None:
    people = [Outcome(bot=False, lang="en", peak="CLEAR", automation=0.0)] * 300

    found = reached(people, "WARNING")

    assert (found.count, found.interval[0]) == (0, 0.0)
    assert found.at_most == pytest.approx(1 - 0.05 ** (1 / 300))


@pytest.mark.slow
def test_a_replay_is_kept_for_the_same_suite(tmp_path: Path) -> None:
    recorded = tmp_path / "recorded.jsonl"
    events = [
        {"t": 1793520000 + 3600 * k, "type": "post", "text": PEOPLE[k % 4]}
        for k in range(6)
    ]
    recorded.write_text(
        json.dumps({"account": "a", "label": "human", "lang": "en", "events": events})
    )

    first = replayed(recorded, tmp_path)
    (kept,) = tmp_path.glob("replayed-*.jsonl")
    kept.write_text(kept.read_text().replace("CLEAR", "NOTICE"))
    again = replayed(recorded, tmp_path)

    assert [each.peak for each in first] == ["CLEAR"]
    assert [each.peak for each in again] == ["NOTICE"]
