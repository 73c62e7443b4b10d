"""The plan, stated as what holds for every queue."""

import math

from hypothesis import given
from hypothesis import strategies as st

from services.detector.planning import Limits, Waiting, bucket, plan

LIMITS = Limits(max_batch_texts=4, max_batch_chars=1_000, max_linger=1.0)

times = st.floats(0, 10)
queues = st.lists(
    st.builds(
        Waiting,
        size=st.integers(0, 3_000),
        arrive_time=times,
        deadline=st.one_of(times, st.just(math.inf)),
    ),
    max_size=40,
).map(lambda queue: sorted(queue, key=lambda entry: entry.arrive_time))


@given(queues, times)
def test_a_batch_is_within_the_limits_or_a_single_text(
    queue: list[Waiting], now: float
) -> None:
    batch = plan(queue, now, LIMITS).batch

    padded = len(batch) * max((entry.size for entry in batch), default=0)
    assert len(batch) <= LIMITS.max_batch_texts
    assert padded <= LIMITS.max_batch_chars or len(batch) == 1


@given(queues, times)
def test_a_batch_holds_texts_of_like_length_in_order_of_arrival(
    queue: list[Waiting], now: float
) -> None:
    batch = plan(queue, now, LIMITS).batch

    assert len({bucket(entry.size) for entry in batch}) <= 1
    lane = [e for e in queue if batch and bucket(e.size) == bucket(batch[0].size)]
    live = [entry for entry in lane if entry.deadline > now]
    assert list(batch) == live[: len(batch)]


@given(queues, times)
def test_what_is_late_is_dropped_and_nothing_else(
    queue: list[Waiting], now: float
) -> None:
    chosen = plan(queue, now, LIMITS)

    assert [entry for entry in queue if entry.deadline <= now] == list(chosen.expired)
    assert not set(chosen.batch) & set(chosen.expired)


@given(queues, times)
def test_who_lingered_long_enough_goes_first(queue: list[Waiting], now: float) -> None:
    chosen = plan(queue, now, LIMITS)

    live = [entry for entry in queue if entry.deadline > now]
    if live and live[0].arrive_time + LIMITS.max_linger <= now:
        assert chosen.batch[0] is live[0]


@given(queues, times)
def test_waiting_ends_with_a_batch(queue: list[Waiting], now: float) -> None:
    live = [entry for entry in queue if entry.deadline > 100]
    chosen = plan(live, now, LIMITS)

    if live and not chosen.batch:
        assert chosen.wait_until > now
        assert plan(live, chosen.wait_until, LIMITS).batch


@given(queues)
def test_every_live_text_runs_exactly_once(queue: list[Waiting]) -> None:
    left, ran = list(queue), list[Waiting]()
    while left:
        batch = plan(left, 1_000.0, LIMITS).batch
        if not batch:
            break
        ran += batch
        left = [entry for entry in left if entry not in batch]

    assert len(ran) == len(set(ran))
    assert set(ran) == {entry for entry in queue if entry.deadline > 1_000}


def test_a_full_lane_does_not_wait_for_company() -> None:
    queue = [Waiting(10, 0.0), *(Waiting(200, 0.1) for _ in range(4))]

    chosen = plan(queue, 0.2, LIMITS)

    assert [entry.size for entry in chosen.batch] == [200, 200, 200, 200]


def test_an_idle_queue_needs_no_waking() -> None:
    assert plan([], 5.0, LIMITS).wait_until == math.inf
