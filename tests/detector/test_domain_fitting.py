import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.detector.domain.calibration import EVIDENCE_CAP, LOGIT_CAP
from services.detector.domain.fitting import (
    NEVER,
    SMALLEST,
    Sample,
    allowed,
    balanced,
    honest_evidence,
    straightened,
    thresholds,
    weighted_quantile,
)


def a_sample(
    seed: int = 1, people: int = 400, machines: int = 400, crowds: int = 5
) -> Sample:
    """Machines two logits above people, who are of several populations."""
    dice = np.random.default_rng(seed)
    logit = np.concatenate(
        [dice.normal(-1.5, 1.0, people), dice.normal(1.5, 1.0, machines)]
    )
    label = np.array(["human"] * people + ["ai"] * machines)
    crowd = np.array([f"crowd {i % crowds}" for i in range(people + machines)])
    personal = np.arange(people + machines) % 2 == 0
    return Sample(np.clip(logit, -LOGIT_CAP, LOGIT_CAP), label, crowd, personal)


def test_no_large_population_is_accused_beyond_its_budget() -> None:
    sample = a_sample(people=5_000)
    sample.logit[sample.population == "crowd 3"] += 1.0

    found = thresholds(sample)

    its = (sample.population == "crowd 3") & (sample.label == "human")
    accused = (sample.logit[its] >= found["generated"]).mean()
    # Each register has its own bar, set by its 500 people of this crowd.
    assert accused <= allowed(500) + 1 / 500


def test_where_nobody_is_known_nobody_is_accused() -> None:
    sample = a_sample(people=SMALLEST - 1, crowds=1)

    assert thresholds(sample)["generated"] == NEVER


def test_personal_texts_never_have_a_higher_bar() -> None:
    found = thresholds(a_sample())

    assert found["generated_personal"] <= found["generated"]


@given(st.integers(0, 1000), st.floats(-2, 2))
def test_peoples_average_ratio_is_at_most_one(seed: int, shift: float) -> None:
    sample = a_sample(seed, people=150, machines=60, crowds=2)
    sample.logit[sample.population == "crowd 1"] += shift

    slope, down = honest_evidence(sample)

    evidence = np.clip(slope * sample.logit - down, -EVIDENCE_CAP, EVIDENCE_CAP)
    for crowd in ("crowd 0", "crowd 1"):
        its = (sample.population == crowd) & (sample.label == "human")
        if (slope, down) != (0.5, 2.0):  # the mildest there is
            assert np.exp(evidence[its]).mean() <= 1.0


def test_a_bent_scale_is_straightened() -> None:
    sample = a_sample(people=4_000, machines=4_000)
    machine = sample.label == "ai"
    weight = balanced(sample.population, machine)

    slope, shift = straightened(sample.logit / 3 + 1, machine, weight)

    # People at -1.5 and machines at 1.5, both of spread 1: log odds 3 x.
    assert slope == pytest.approx(9, rel=0.1)
    assert slope + shift == pytest.approx(0, abs=0.3)


def test_populations_count_alike_and_classes_too() -> None:
    population = np.array(["large"] * 1_000 + ["small"] * 200 + ["bots"] * 10)
    machine = population == "bots"

    weight = balanced(population, machine)

    assert weight.mean() == pytest.approx(1.0)
    assert weight[machine].sum() == pytest.approx(weight[~machine].sum())
    large, small = (weight[population == name].sum() for name in ("large", "small"))
    assert large == pytest.approx(small)


@given(st.lists(st.floats(-5, 5), min_size=1), st.floats(0, 1))
def test_a_quantile_is_one_of_the_values(values: list[float], share: float) -> None:
    found = weighted_quantile(np.array(values), np.ones(len(values)), share)

    assert found in values
