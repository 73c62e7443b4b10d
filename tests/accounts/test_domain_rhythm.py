from datetime import timedelta

import numpy as np
import pytest

from services.accounts.domain.activities import Activity
from services.accounts.domain.evidence import Signal, SignalState
from services.accounts.domain.history import History
from services.accounts.domain.signals import measure
from tests.accounts.acts import START, an_activity, every, folded

UNITLESS = ("MEDIAN_GAP", "SHORT_GAP_SHARE", "QUICK_RETURN", "HOUR_CLUMPING")


def signals(activities: list[Activity]) -> dict[str, Signal]:
    return {each.code: each for each in measure(History.open(folded(activities)))}


def at(hours: list[float]) -> list[Activity]:
    return [
        an_activity(f"{i}", event_time=START + timedelta(hours=hour))
        for i, hour in enumerate(hours)
    ]


def at_random(count: int, mean_hours: float, seed: int) -> list[Activity]:
    gaps = np.random.default_rng(seed).exponential(mean_hours, count)
    return at([float(hour) for hour in gaps.cumsum()])


def in_sittings(days: int) -> list[Activity]:
    """Three sittings a day of four acts some minutes apart, and a night."""
    starts = [24 * day + hour for day in range(days) for hour in (0.2, 5.1, 11.3)]
    return at([start + step for start in starts for step in (0, 0.03, 0.07, 0.2)])


@pytest.mark.parametrize("mean_hours", [0.2, 1.0, 12.0])
def test_a_process_without_memory_reads_alike_at_any_rate(mean_hours: float) -> None:
    found = [signals(at_random(100, mean_hours, seed)) for seed in range(30)]
    means = [np.mean([each[code].value or 0.0 for each in found]) for code in UNITLESS]

    assert means == pytest.approx([np.log(2), 0.26, 0, 0], abs=0.06)


def test_a_timer_has_even_gaps_and_a_person_comes_for_a_sitting() -> None:
    timer, person = signals(every(timedelta(hours=1.5), 60)), signals(in_sittings(6))

    assert timer["MEDIAN_GAP"].value == 1
    assert timer["SHORT_GAP_SHARE"].value == 0
    assert (person["MEDIAN_GAP"].value or 1) < 0.3
    assert (person["SHORT_GAP_SHARE"].value or 0) > 0.6
    assert (person["QUICK_RETURN"].value or 0) > 0.3
    assert (person["HOUR_CLUMPING"].value or 0) > 0.5


def test_a_night_is_no_chance_and_a_tool_takes_none() -> None:
    tool = signals(every(timedelta(hours=1.3), 100))

    assert (signals(in_sittings(6))["NIGHT_REST"].value or 0) > 1
    assert (tool["NIGHT_REST"].value or 0) < 0.1


def test_rest_is_told_by_the_last_week_alone() -> None:
    """Over months everybody is awake at every hour."""
    nights = [24 * day + hour for day in range(7) for hour in (9, 13, 17)]
    moved = [24 * day + day % 24 for day in range(-90, -1)]

    both = signals(at([float(hour) for hour in moved + nights]))

    assert (
        both["NIGHT_REST"].value
        == signals(at([float(h) for h in nights]))["NIGHT_REST"].value
    )


def test_rhythm_needs_twenty_events_and_some_time() -> None:
    few = signals(every(timedelta(hours=1), 19))
    at_once = signals(every(timedelta(0), 30))

    for code in UNITLESS:
        assert few[code].state is SignalState.INSUFFICIENT
        assert at_once[code].state is SignalState.INSUFFICIENT
