"""The batcher around a fake model that remembers its batches."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar

import pytest

from services.detector.batching import Batcher
from services.detector.domain.assessment import Assessment
from services.detector.planning import Limits
from services.runtime.errors import DeadlineExceeded, DependencyUnavailable, QueueFull
from tests.detector.fakes import FakeAssessor, Tally

MARK: ContextVar[str] = ContextVar("mark", default="")


@asynccontextmanager
async def batching(
    model: FakeAssessor, tally: Tally | None = None, **limits: float
) -> AsyncIterator[Batcher[Assessment]]:
    batcher = Batcher(model.detect, Limits(**limits), tally or Tally())  # type: ignore[arg-type]
    await batcher.start()
    yield batcher
    model.gate.set()
    await batcher.stop()


async def busy(batcher: Batcher[Assessment], model: FakeAssessor) -> asyncio.Task[None]:
    """Keep the model at work on one text until its gate opens."""
    model.gate.clear()
    (answer,) = batcher.submit(["at work"])
    await model.asked()

    async def wait() -> None:
        await answer

    return asyncio.create_task(wait())


async def test_answers_belong_to_their_texts() -> None:
    texts = ["x" * n for n in (1, 900, 3, 40_000, 2, 500)]

    async with batching(FakeAssessor()) as batcher:
        answers = await asyncio.gather(*batcher.submit(texts))

    assert [answer.chars_scored for answer in answers] == [len(text) for text in texts]


async def test_texts_that_wait_together_run_together() -> None:
    model, tally = FakeAssessor(), Tally()

    async with batching(model, tally) as batcher:
        first = await busy(batcher, model)
        answers = [batcher.submit([f"text {n}"])[0] for n in range(20)]
        model.gate.set()
        await asyncio.gather(first, *answers)

    assert [len(batch) for batch in model.batches] == [1, 20]
    assert tally.batches == [1, 20]
    assert max(tally.depth) == 20
    assert tally.depth[-1] == 0


async def test_one_bad_text_fails_only_itself() -> None:
    texts = ["a", "bad", "c", "d", "worse than bad", "f"]

    async with batching(FakeAssessor()) as batcher:
        answers = await asyncio.gather(*batcher.submit(texts), return_exceptions=True)

    failed = [isinstance(answer, RuntimeError) for answer in answers]
    assert failed == [False, True, False, False, True, False]


async def test_a_model_that_miscounts_answers_nobody_wrongly() -> None:
    def one_short(texts: Sequence[str]) -> list[str]:
        return list(texts[1:])

    batcher = Batcher(one_short, Limits(), Tally())
    await batcher.start()
    answers = await asyncio.gather(*batcher.submit(["a", "b"]), return_exceptions=True)
    await batcher.stop()

    assert [type(answer) for answer in answers] == [ValueError, ValueError]


async def test_who_left_before_the_run_costs_no_run() -> None:
    model = FakeAssessor()

    async with batching(model) as batcher:
        first = await busy(batcher, model)
        gone, stays = batcher.submit(["gone", "stays"])
        gone.cancel()
        model.gate.set()
        await asyncio.gather(first, stays)

    assert model.batches == [["at work"], ["stays"]]


async def test_who_leaves_during_the_run_takes_nobody_along() -> None:
    model = FakeAssessor()

    async with batching(model) as batcher:
        first = await busy(batcher, model)
        gone, stays = batcher.submit(["gone", "stays"])
        model.gate.set()
        await first
        model.gate.clear()
        await model.asked()
        gone.cancel()
        model.gate.set()

        assert (await stays).chars_scored == len("stays")


async def test_who_runs_out_of_time_is_told_and_costs_no_run() -> None:
    model, tally = FakeAssessor(), Tally()

    async with batching(model, tally) as batcher:
        first = await busy(batcher, model)
        (late,) = batcher.submit(["late"], time_left=0.01)
        await asyncio.sleep(0.02)
        model.gate.set()
        await first
        with pytest.raises(DeadlineExceeded):
            await late

    assert model.batches == [["at work"]]
    assert tally.drops == 1


async def test_a_full_queue_refuses_at_once_and_says_when_to_retry() -> None:
    model, tally = FakeAssessor(), Tally()

    async with batching(model, tally, max_queue_texts=3) as batcher:
        first = await busy(batcher, model)
        waiting = batcher.submit(["a", "b"])
        with pytest.raises(QueueFull) as caught:
            batcher.submit(["c", "d"])
        model.gate.set()
        await asyncio.gather(first, *waiting)

    assert caught.value.retry_after is not None
    assert caught.value.retry_after > 0
    assert tally.refusals == 2


async def test_who_would_wait_too_long_is_refused_before_waiting() -> None:
    model = FakeAssessor()

    async with batching(model) as batcher:
        first = await busy(batcher, model)
        await asyncio.sleep(0.05)
        model.gate.set()
        await first
        first = await busy(batcher, model)
        waiting = batcher.submit(["x"])
        with pytest.raises(QueueFull):
            batcher.submit(["y"], time_left=0.001)
        patient = batcher.submit(["y"], time_left=10)
        model.gate.set()
        await asyncio.gather(first, *waiting, *patient)


async def test_a_request_larger_than_the_queue_gets_in_when_it_is_empty() -> None:
    async with batching(FakeAssessor(), max_queue_texts=3) as batcher:
        answers = await asyncio.gather(*batcher.submit(["x"] * 10))

    assert len(answers) == 10


async def test_the_model_runs_in_the_context_of_its_caller() -> None:
    seen: list[tuple[str, str]] = []

    def look(texts: Sequence[str]) -> list[str]:
        seen.append((MARK.get(), threading.current_thread().name))
        return list(texts)

    batcher = Batcher(look, Limits(), Tally())
    await batcher.start()
    MARK.set("request-1")
    await batcher.submit(["x"])[0]
    await batcher.stop()

    assert seen == [("request-1", "inference_0")]


async def test_stopping_finishes_what_runs_and_sends_the_rest_away() -> None:
    model = FakeAssessor()

    async with batching(model) as batcher:
        first = await busy(batcher, model)
        (waiting,) = batcher.submit(["waits"])
        stopping = asyncio.create_task(batcher.stop())
        await asyncio.sleep(0)
        model.gate.set()
        await first
        await stopping

        with pytest.raises(DependencyUnavailable):
            await waiting
        with pytest.raises(DependencyUnavailable):
            batcher.submit(["after"])
