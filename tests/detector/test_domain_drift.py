"""The population stability index, and the windows it compares."""

import math

from hypothesis import given
from hypothesis import strategies as st

from services.detector.domain.drift import BEFORE, BINS, Drift, stability_index

counts = st.lists(st.integers(0, 10_000), min_size=BINS, max_size=BINS)


@given(counts, counts)
def test_is_never_negative_and_symmetric(now: list[int], then: list[int]) -> None:
    index = stability_index(now, then)

    assert index >= 0
    assert math.isclose(index, stability_index(then, now), abs_tol=1e-12)


@given(counts)
def test_is_zero_for_equal_shares(now: list[int]) -> None:
    assert stability_index(now, now) == 0


def test_agrees_with_a_hand_calculation() -> None:
    # (1001 / 2001 - 501 / 2001) ln(1001 / 501) + (1000 / 2001 - 1500 / 2001) ln(2 / 3)
    found = stability_index([1000.5, 999.5], [500.5, 1499.5])

    assert math.isclose(found, 500 / 2001 * (math.log(1001 / 501) + math.log(1.5)))


def test_a_window_that_is_not_full_says_nothing() -> None:
    drift = Drift([0.1] * BINS, window=4)

    assert [drift.add(0.5) for _ in range(3)] == [False] * 3
    assert drift.from_reference() is None
    assert drift.add(1.0)  # it ends the window, in the last tenth
    assert drift.from_reference() is not None
    assert drift.from_before() is None


def test_a_change_is_seen_and_becomes_what_is_usual() -> None:
    drift = Drift(window=500)

    def say(probability: float, windows: int) -> float:
        for _ in range(500 * windows):
            drift.add(probability)
        return drift.from_before() or 0.0

    usual = say(0.05, 3)
    changed = say(0.95, 1)
    usual_again = say(0.95, 2 * BEFORE)

    assert usual < 0.05
    assert changed > 0.25
    assert usual_again < 0.05
    assert drift.from_reference() is None
