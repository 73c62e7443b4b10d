import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.detector.domain.assessment import Verdict
from services.detector.domain.calibration import (
    EVIDENCE_CAP,
    Calibration,
    Thresholds,
    bucket_for,
    probability,
)

SCORES = st.floats(-1e6, 1e6)


def a_calibration(**changes: object) -> Calibration:
    given_values: dict[str, object] = {
        "min_chars": 0,
        "weights": (1.0,),
        "intercept": 0.0,
        "evidence_slope": 0.9,
        "evidence_shift": 0.2,
        "thresholds": Thresholds(human=-1.0, generated=3.0, generated_personal=2.0),
    }
    return Calibration(**(given_values | changes))  # type: ignore[arg-type]


@given(SCORES)
def test_probability_and_evidence_stay_within_their_ranges(score: float) -> None:
    calibration = a_calibration()
    logit = calibration.logit((score,))

    assert 0 < probability(logit) < 1
    assert abs(calibration.evidence(logit)) <= EVIDENCE_CAP


@given(SCORES, SCORES)
def test_a_higher_score_never_speaks_less_for_a_machine(a: float, b: float) -> None:
    calibration = a_calibration()
    low, high = sorted((a, b))

    assert calibration.evidence(calibration.logit((low,))) <= calibration.evidence(
        calibration.logit((high,))
    )


def test_one_text_never_says_more_than_twenty_to_one() -> None:
    assert math.exp(EVIDENCE_CAP) == pytest.approx(20)


@pytest.mark.parametrize(
    ("logit", "polished", "personal", "verdict"),
    [
        (3.0, True, False, Verdict.AI_GENERATED),
        (2.9, True, False, Verdict.AI_ASSISTED),
        (2.9, False, True, Verdict.AI_GENERATED),
        (1.9, False, True, Verdict.UNDECIDED),
        (-5.0, True, False, Verdict.AI_ASSISTED),
        (2.9, False, False, Verdict.UNDECIDED),
        (-0.9, False, False, Verdict.UNDECIDED),
        (-1.0, False, True, Verdict.HUMAN),
    ],
)
def test_verdicts_change_at_their_thresholds(
    logit: float, polished: bool, personal: bool, verdict: Verdict
) -> None:
    found = a_calibration().verdict(logit, polished=polished, personal=personal)

    assert found is verdict


def test_the_longest_fitting_bucket_counts() -> None:
    short, long = a_calibration(min_chars=10), a_calibration(min_chars=80)

    assert bucket_for((short, long), 79) is short
    assert bucket_for((short, long), 80) is long
    assert bucket_for((short, long), 3) is short
