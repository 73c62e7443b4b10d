from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.accounts.domain.activities import ActivityType, Target
from services.accounts.domain.evidence import References, Signal, SignalState
from services.accounts.domain.history import History
from services.accounts.domain.percentiles import Population, with_percentile
from services.accounts.domain.resolution import resolution_seconds
from services.accounts.domain.signals import MEASURES, measure
from services.accounts.domain.times import to_us
from tests.accounts.acts import START, a_note, an_activity, every, folded

OK, INSUFFICIENT = SignalState.OK, SignalState.INSUFFICIENT
NOT_APPLICABLE = SignalState.NOT_APPLICABLE


def signals(activities: list[object]) -> dict[str, Signal]:
    found = measure(History.open(folded(activities)))  # type: ignore[arg-type]
    return {each.code: each for each in found}


def at_random(count: int, seed: int = 1) -> list[object]:
    gaps = np.random.default_rng(seed).exponential(3600, count).cumsum()
    return [
        an_activity(f"{i}", event_time=START + timedelta(seconds=float(gap)))
        for i, gap in enumerate(gaps)
    ]


def test_every_signal_of_nobody_says_nothing() -> None:
    assert all(each.value is None for each in signals([]).values())


def test_a_timer_has_no_variation_and_one_modal_gap() -> None:
    found = signals([*every(timedelta(minutes=30, seconds=1), 100)])

    assert found["GAP_VARIATION"].value == pytest.approx(0)
    assert found["BURSTINESS"].value == pytest.approx(-1)
    assert found["MODAL_GAP_SHARE"].value == 1
    assert found["CONDITIONAL_ENTROPY"].value == pytest.approx(0)
    assert found["MEMORY"].state is OK


def test_burstiness_of_a_poisson_process_is_near_zero_for_any_length() -> None:
    for count in (12, 40, 120):
        values = [signals(at_random(count, s))["BURSTINESS"].value for s in range(60)]
        assert np.mean(np.array(values, dtype=float)) == pytest.approx(0, abs=0.05)


def test_minute_timestamps_silence_what_needs_seconds() -> None:
    found = signals([*every(timedelta(minutes=7), 100)])

    assert found["SECOND_OF_MINUTE"].state is NOT_APPLICABLE
    assert found["MINUTE_OF_HOUR"].state is OK


@pytest.mark.parametrize(
    ("step_us", "seconds"), [(3_600_000_000, 3600), (60_000_000, 60), (1_000_000, 1)]
)
def test_resolution_is_found_from_the_times(step_us: int, seconds: float) -> None:
    times = np.arange(1, 50, dtype=np.int64) ** 2 * step_us

    assert resolution_seconds(times) == seconds


def test_posting_always_at_second_zero_is_too_uneven_and_in_turn_too_even() -> None:
    times = [START + timedelta(minutes=i, seconds=i % 2) for i in range(100)]
    uneven = signals([an_activity(f"{i}", event_time=t) for i, t in enumerate(times)])
    times = [START + timedelta(seconds=70 * i + i // 60) for i in range(120)]
    even = signals([an_activity(f"{i}", event_time=t) for i, t in enumerate(times)])

    assert (uneven["SECOND_OF_MINUTE"].value or 0) > 5
    assert (even["SECOND_OF_MINUTE"].value or 0) < -2


def test_a_night_is_a_quiet_run_and_a_tool_has_none() -> None:
    days = [
        START + timedelta(days=d, hours=h) for d in range(5) for h in range(0, 16, 2)
    ]
    person = signals([an_activity(f"{i}", event_time=t) for i, t in enumerate(days)])
    tool = signals([*every(timedelta(hours=1), 120)])

    assert person["LONGEST_QUIET_RUN"].value == pytest.approx(10, abs=0.1)
    assert tool["LONGEST_QUIET_RUN"].value == pytest.approx(1, abs=0.1)
    assert (tool["HOUR_ENTROPY"].value or 0) > (person["HOUR_ENTROPY"].value or 0)
    assert tool["ACTIVE_HOUR_COVER"].value == 1


def test_replies_faster_than_typing_are_seen_and_unknown_ones_are_not() -> None:
    def reply(i: int, seconds: float) -> object:
        at = START + timedelta(hours=i)
        made = Target("c", create_us=to_us(at - timedelta(seconds=seconds)))
        kind = ActivityType.COMMENT
        return an_activity(
            f"{i}", type=kind, event_time=at, target=made, text_length=120
        )

    fast = signals([reply(i, 2) for i in range(8)])

    assert fast["FASTER_THAN_TYPING"].value == 1
    assert fast["REPLY_LATENCY"].value == pytest.approx(2)
    assert signals([reply(i, 60) for i in range(8)])["FASTER_THAN_TYPING"].value == 0
    assert signals([*every(timedelta(1), 9)])["REPLY_LATENCY"].state is NOT_APPLICABLE


def test_reuse_is_seen_through_masks() -> None:
    same = [
        notes(i, f"Buy {i} of these at https://x.example/{i} now") for i in range(9)
    ]
    other = [notes(i, "abcdefghi"[i] * 5 + " stands alone here") for i in range(9)]

    assert (signals(same)["EXACT_REUSE"].value or 0) > 0.8
    assert signals(other)["EXACT_REUSE"].value == 0
    assert signals(same[:5])["EXACT_REUSE"].state is INSUFFICIENT


def test_near_duplicates_are_seen_but_exact_ones_are_not_counted_twice() -> None:
    start = "we walked along the river until the lights of the old town came near us on"
    names = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "easter",
    ]
    near = [notes(i, f"{start} {name}") for i, name in enumerate(names)]

    assert signals(near)["NEAR_REUSE"].value == 1
    assert signals([notes(i, start) for i in range(9)])["NEAR_REUSE"].value is None


def test_percentiles_are_the_share_of_the_population_below() -> None:
    population = Population()
    for seed in range(60):
        population.add(signals(at_random(30, seed)).values())
    references = References("v1", population.quantiles())
    timer = tuple(signals([*every(timedelta(minutes=30, seconds=1), 30)]).values())

    ranked = {each.code: with_percentile(each, references) for each in timer}

    assert ranked["GAP_VARIATION"].percentile == 0
    assert ranked["MODAL_GAP_SHARE"].percentile == 1
    assert ranked["REPLY_LATENCY"].percentile is None


@settings(deadline=None)
@given(
    values=st.lists(st.floats(-1e6, 1e6), min_size=50, max_size=1_500),
    cuts=st.lists(st.integers(0, 1_500), max_size=6),
)
def test_a_population_in_parts_is_the_population(
    values: list[float], cuts: list[int]
) -> None:
    """Sketches add up: ranks stay within their error however it was cut."""
    places = [0, *sorted(min(cut, len(values)) for cut in cuts), len(values)]
    whole = Population()
    for begin, end in pairwise(places):
        part = Population()
        for value in values[begin:end]:
            part.add([Signal("X", value, 9, timedelta(1), OK)])
        whole.merge(Population.from_bytes(part.to_bytes()))

    found = whole.quantiles()["X"]

    ordered = np.sort(values)
    low = np.searchsorted(ordered, found, "left") / len(values)
    high = np.searchsorted(ordered, found, "right") / len(values)
    ranks = np.linspace(0, 1, len(found))
    error = 0.02 if len(values) > 400 else 1 / len(values)
    assert ((low - error <= ranks) & (ranks <= high + error)).all()


def test_too_few_accounts_give_no_percentile() -> None:
    population = Population()
    for seed in range(49):
        population.add(signals(at_random(30, seed)).values())

    assert population.quantiles() == {}


def notes(index: int, text: str, start: datetime = START) -> object:
    return a_note(f"{index}", text, start + timedelta(hours=index))


def test_every_measure_stands_under_the_code_it_gives() -> None:
    history = History.open(folded(every(timedelta(hours=5), 30)))

    assert [each.code for each in measure(history)] == list(MEASURES)
