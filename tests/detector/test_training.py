"""Training is not served and needs an extra; what can be held without it, is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from services.detector.detect import Detector
from services.detector.domain.assessment import Verdict
from services.detector.model import Model
from services.detector.training.data import as_row, continued, limited, written

RUN = Path(__file__).parents[2] / "services/detector/training/run.sh"
DATA, BASE = "TRUEPEN_TRAINING_DATA", "TRUEPEN_TRAINING_BASE"


def rows(count: int, source: str, label: str) -> list[dict[str, str]]:
    return [
        {"id": f"{source}/{label}/{k}", "source": source, "label": label}
        for k in range(count)
    ]


def test_a_slice_has_some_of_every_source_and_label() -> None:
    every = [
        *rows(50, "reviews", "human"),
        *rows(7, "reviews", "ai"),
        *rows(20, "essays", "ai"),
    ]
    some = limited(every, 10)
    kinds = [(row["source"], row["label"]) for row in some]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        ("reviews", "human"): 10,
        ("reviews", "ai"): 7,
        ("essays", "ai"): 10,
    }


def test_a_slice_is_the_same_each_time_and_in_the_order_of_the_file() -> None:
    every = [*rows(50, "reviews", "human"), *rows(50, "essays", "ai")]
    some = limited(every, 5)
    assert some == [row for row in every if row in some]
    backwards = limited(every[::-1], 5)
    assert {row["id"] for row in backwards} == {row["id"] for row in some}
    assert limited(every, None) == every


SEED = {
    "id": "essays/school/12/human",
    "text": "It rained all day. We stayed in.",
    "label": "human",
    "lang": "en",
    "source": "essays",
    "domain": "school",
    "attack": None,
}


def test_a_continuation_begins_with_the_persons_own_sentence() -> None:
    row = {
        "id": "c-1",
        "of": SEED["id"],
        "from": 19,
        "text": "By night the lane was a brook.",
        "attack": None,
    }
    made = as_row(continued(row, SEED))
    assert made.text == "it rained all day. by night the lane was a brook."
    assert (made.label, made.source) == ("ai", "en_own_continued")


def test_a_text_on_a_sources_topic_stays_out_with_the_source() -> None:
    row = {"id": "p-1", "text": "Rain again.", "attack": None, "seed": SEED["id"]}
    person, machine = as_row(SEED), as_row(written(row, SEED))
    assert (machine.group, machine.part) == (person.group, person.part)
    for one in (person, machine):
        assert one.stems_from({"essays"})
        assert not one.stems_from({"reviews"})
    assert machine.stems_from({"en_own_llm"})


@pytest.mark.soak
@pytest.mark.skipif(
    not (os.environ.get(DATA) and os.environ.get(BASE)),
    reason=f"needs the extra train, and {DATA} and {BASE} as run.sh takes them",
)
def test_a_rehearsal_of_the_whole_training_ends_in_a_model_that_loads(
    tmp_path: Path,
) -> None:
    pytest.importorskip("torch")
    shell = shutil.which("sh")
    assert shell is not None
    python = Path(sys.executable).parent
    subprocess.run(
        [shell, RUN, os.environ[DATA], os.environ[BASE], tmp_path],
        env={**os.environ, "LIMIT": "40", "PATH": f"{python}:{os.environ['PATH']}"},
        check=True,
    )
    found = Detector(Model(tmp_path / "model")).detect(["The bus was late again."])
    assert found[0].verdict in Verdict
    assert (tmp_path / "figures" / "detector-reliability-en.svg").exists()
