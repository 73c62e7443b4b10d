"""A platform's own people move thresholds, evidence and digest; nothing else."""

from collections.abc import Sequence

import numpy as np

from services.detector.detect import Reading
from services.detector.domain.assessment import Language
from services.detector.domain.card import Card
from services.detector.model import Model
from services.detector.recalibrate import Known, recalibrate

PEOPLE, MACHINES = 900, 500


def texts(machines: int = MACHINES) -> list[Known]:
    people = [Known(f"h{i}", "h", "human", "platform") for i in range(PEOPLE)]
    return people + [Known(f"m{i}", "m", "ai", "bots") for i in range(machines)]


class Reader:
    """Reads people around *at* and machines two and a half above."""

    def __init__(self, at: float) -> None:
        self.at = at

    def __call__(self, some: Sequence[str]) -> list[Reading | None]:
        dice = np.random.default_rng(4)
        means = [self.at + 2.5 * (text == "m") for text in some]
        return [
            Reading(Language.EN, 200, personal=i % 2 == 0, logits=(z, z, z))
            for i, z in enumerate(dice.normal(means, 1.0).tolist())
        ]


def test_people_who_read_like_machines_are_spared_after_the_fit() -> None:
    outcome = recalibrate(Model().raw_card, texts(), Reader(3.0))

    before, after = outcome.before["en"], outcome.after["en"]
    assert before.accused > 0.1 * before.people
    assert after.accused <= 0.03 * after.people
    assert after.mean_ratio <= 1.1
    assert before.people == after.people < PEOPLE


def test_languages_without_texts_keep_their_calibration() -> None:
    raw = Model().raw_card

    outcome = recalibrate(raw, texts(), Reader(0.0))

    assert outcome.card["languages"]["zh"] == raw["languages"]["zh"]
    assert outcome.card["languages"]["en"] != raw["languages"]["en"]
    Card.parse(outcome.card)


def test_without_machines_probabilities_stay_and_thresholds_move() -> None:
    raw = Model().raw_card

    outcome = recalibrate(raw, texts(machines=0), Reader(3.0))

    old, new = (card["languages"]["en"]["full"] for card in (raw, outcome.card))
    assert [b["weights"] for b in old] == [b["weights"] for b in new]
    assert [b["thresholds"] for b in old] != [b["thresholds"] for b in new]


def test_a_handful_of_texts_changes_nothing() -> None:
    raw = Model().raw_card

    outcome = recalibrate(raw, texts()[:100], Reader(3.0))

    assert outcome.card["languages"] == raw["languages"]


def test_texts_without_a_verdict_are_counted_and_left_out() -> None:
    def nothing(some: Sequence[str]) -> list[Reading | None]:
        return [None] * len(some)

    outcome = recalibrate(Model().raw_card, texts(), nothing)

    assert outcome.left_out == len(texts())
