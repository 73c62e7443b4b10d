"""DetectorService as a client sees it: real server, real stub, fake models."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from google.rpc import code_pb2
from structlog.testing import capture_logs

from services.detector.batching import Batcher
from services.detector.panel import Panel, Stage
from services.detector.planning import Limits
from services.detector.server import STREAM_IN_FLIGHT, DetectorServicer
from services.runtime.concerns import Deadline
from services.runtime.paging import Tokens
from services.runtime.status import from_rpc_error, from_status
from tests.conftest import serving
from tests.detector.fakes import FakeAssessor, Tally, a_model
from truepen.detector.v1 import detector_service_pb2 as pb
from truepen.detector.v1 import detector_service_pb2_grpc as pb_grpc


@asynccontextmanager
async def detector(
    live: FakeAssessor | None = None, *shadows: FakeAssessor, **limits: Any
) -> AsyncIterator[Any]:
    """A stub of a server that asks *live*."""
    live = live or FakeAssessor()
    panel = Panel(a_model(live), [a_model(s, Stage.SHADOW) for s in shadows])
    batcher = Batcher(panel.detect, Limits(**limits), Tally())
    servicer = DetectorServicer(batcher, panel.models, Tokens(b"key"))
    await batcher.start()
    add = pb_grpc.add_DetectorServiceServicer_to_server
    async with serving(add, servicer, Deadline()) as channel:
        yield pb_grpc.DetectorServiceStub(channel)
        live.gate.set()
    await batcher.stop()


def a_text(text: str = "some words") -> pb.DetectTextRequest:
    return pb.DetectTextRequest(text=text)


async def test_a_text_is_assessed() -> None:
    async with detector() as stub:
        response = await stub.DetectText(a_text())

    assert response.assessment.verdict == pb.VERDICT_AI_GENERATED
    assert response.assessment.ai_probability == 0.75
    assert response.assessment.model_digest == "d1"


@pytest.mark.parametrize(
    ("text", "reason"), [("", "INVALID_FIELD"), ("x" * 100_001, "TEXT_TOO_LONG")]
)
async def test_a_text_out_of_range_is_refused_by_field(text: str, reason: str) -> None:
    async with detector() as stub:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.DetectText(a_text(text))

    error = from_rpc_error(caught.value)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert error.reason == reason
    assert [violation.field for violation in error.violations] == ["text"]


@pytest.mark.parametrize("text", ["\x00\x07\x1b", "x" * 100_000, "\u202e\u200b", "𝓽🙂"])
async def test_odd_texts_are_texts(text: str) -> None:
    async with detector() as stub:
        response = await stub.DetectText(a_text(text))

    assert response.assessment.chars_scored == len(text)


async def test_a_batch_answers_each_text_in_order() -> None:
    async with detector() as stub:
        request = pb.BatchDetectTextRequest(texts=["x" * n for n in range(1, 257)])
        response = await stub.BatchDetectText(request)

    scored = [result.assessment.chars_scored for result in response.results]
    assert scored == list(range(1, 257))


async def test_in_a_batch_only_what_is_wrong_fails() -> None:
    texts = ["fine", "", "x" * 100_001, "bad", "fine"]

    async with detector() as stub:
        request = pb.BatchDetectTextRequest(texts=texts)
        results = (await stub.BatchDetectText(request)).results

    kinds = [result.WhichOneof("result") for result in results]
    assert kinds == ["assessment", "error", "error", "error", "assessment"]
    errors = [from_status(result.error) for result in results[1:4]]
    assert [error.reason for error in errors] == [
        "INVALID_FIELD",
        "TEXT_TOO_LONG",
        "INTERNAL",
    ]
    fields = [violation.field for error in errors for violation in error.violations]
    assert fields == ["texts[1]", "texts[2]"]
    assert "secret" not in results[3].error.message


@pytest.mark.parametrize("number", [0, 257])
async def test_a_batch_of_the_wrong_size_is_refused(number: int) -> None:
    async with detector() as stub:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.BatchDetectText(pb.BatchDetectTextRequest(texts=["x"] * number))

    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_full_queue_is_exhausted_with_a_time_to_retry() -> None:
    model = FakeAssessor()
    model.gate.clear()

    async with detector(model, max_queue_texts=1) as stub:
        running = asyncio.ensure_future(stub.DetectText(a_text("running")))
        await model.asked()
        waiting = asyncio.ensure_future(stub.DetectText(a_text("waiting")))
        await asyncio.sleep(0.02)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.DetectText(a_text("refused"))
        model.gate.set()
        await asyncio.gather(running, waiting)

    error = from_rpc_error(caught.value)
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert error.reason == "QUEUE_FULL"
    assert error.retry_after


async def test_who_hangs_up_costs_no_run() -> None:
    model = FakeAssessor()
    model.gate.clear()

    async with detector(model) as stub:
        running = asyncio.ensure_future(stub.DetectText(a_text("running")))
        await model.asked()
        gone = stub.DetectText(a_text("gone"))
        stays = asyncio.ensure_future(stub.DetectText(a_text("stays")))
        await asyncio.sleep(0.02)
        gone.cancel()
        await asyncio.sleep(0.02)
        model.gate.set()
        await asyncio.gather(running, stays)

    assert model.batches == [["running"], ["stays"]]


async def test_a_deadline_that_passes_in_the_queue_costs_no_run() -> None:
    model = FakeAssessor()
    model.gate.clear()

    async with detector(model) as stub:
        running = asyncio.ensure_future(stub.DetectText(a_text("running")))
        await model.asked()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.DetectText(a_text("late"), timeout=0.02)
        await asyncio.sleep(0.02)
        model.gate.set()
        await running

    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert model.batches == [["running"]]


async def test_a_stream_answers_in_order_under_load() -> None:
    async def texts(stream: int) -> AsyncIterator[pb.StreamDetectTextRequest]:
        for n in range(300):
            size = 1 + (n * 7919 + stream) % 2_000  # lanes run out of order
            yield pb.StreamDetectTextRequest(correlation_id=str(n), text="x" * size)

    async def read(stub: Any, stream: int) -> list[str]:
        return [r.correlation_id async for r in stub.StreamDetectText(texts(stream))]

    async with detector() as stub:
        answers = await asyncio.gather(*(read(stub, stream) for stream in range(4)))

    assert answers == [[str(n) for n in range(300)]] * 4


async def test_a_stream_goes_on_after_a_bad_text() -> None:
    async def texts() -> AsyncIterator[pb.StreamDetectTextRequest]:
        for text in ("fine", "", "bad", "fine"):
            yield pb.StreamDetectTextRequest(text=text)

    async with detector() as stub:
        results = [r.result async for r in stub.StreamDetectText(texts())]

    assert [result.error.code for result in results] == [
        code_pb2.OK,
        code_pb2.INVALID_ARGUMENT,
        code_pb2.INTERNAL,
        code_pb2.OK,
    ]


async def test_a_stream_takes_only_so_many_texts_at_once() -> None:
    model = FakeAssessor()
    model.gate.clear()
    n = 10 * STREAM_IN_FLIGHT

    async with detector(model, max_batch_texts=1_000) as stub:
        call = stub.StreamDetectText(
            iter([pb.StreamDetectTextRequest(text="x")] * n),
        )
        await model.asked()
        await asyncio.sleep(0.1)
        model.gate.set()
        answers = [response async for response in call]

    assert len(answers) == n
    assert max(len(batch) for batch in model.batches) <= STREAM_IN_FLIGHT


async def test_a_stream_that_is_cut_off_leaves_nothing_behind() -> None:
    model = FakeAssessor()
    model.gate.clear()

    async with detector(model) as stub:
        running = asyncio.ensure_future(stub.DetectText(a_text("running")))
        await model.asked()
        call = stub.StreamDetectText(
            iter([pb.StreamDetectTextRequest(text="gone")] * 50)
        )
        await asyncio.sleep(0.05)
        call.cancel()
        await asyncio.sleep(0.05)
        model.gate.set()
        await running
        await stub.DetectText(a_text("after"))

    assert model.batches == [["running"], ["after"]]


async def test_what_shadows_say_is_attached_and_counts_for_nothing() -> None:
    async with detector(FakeAssessor("d1"), FakeAssessor("d2")) as stub:
        assessment = (await stub.DetectText(a_text())).assessment

    assert assessment.model_digest == "d1"
    assert [shadow.model_digest for shadow in assessment.shadows] == ["d2"]


async def test_a_shadow_that_fails_does_not_harm_the_answer() -> None:
    class Broken(FakeAssessor):
        def detect(self, texts: Any) -> Any:
            raise MemoryError

    with capture_logs() as lines:
        async with detector(FakeAssessor("d1"), Broken("d2")) as stub:
            assessment = (await stub.DetectText(a_text())).assessment

    assert assessment.verdict == pb.VERDICT_AI_GENERATED
    assert not assessment.shadows
    assert [line["model"] for line in lines if line["event"] == "shadow failed"] == [
        "d2"
    ]


async def test_the_card_of_the_live_model_is_served() -> None:
    async with detector(FakeAssessor("d1"), FakeAssessor("d2")) as stub:
        live = (await stub.GetModel(pb.GetModelRequest(name="models/live"))).model
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.GetModel(pb.GetModelRequest(name="models/unknown"))

    assert (live.name, live.stage) == ("models/d1", pb.MODEL_STAGE_LIVE)
    assert "intended_use" in live.card_json
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("size", [1, 2, 7, 0])
async def test_pages_of_models_add_up_to_the_whole(size: int) -> None:
    names: list[str] = []

    async with detector(*(FakeAssessor(f"d{n}") for n in range(1, 6))) as stub:
        request = pb.ListModelsRequest(page_size=size)
        while True:
            page = await stub.ListModels(request)
            names += [model.name for model in page.models]
            if not page.next_page_token:
                break
            request.page_token = page.next_page_token

    assert names == [f"models/d{n}" for n in range(1, 6)]


async def test_a_page_token_of_another_making_is_refused() -> None:
    async with detector() as stub:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.ListModels(pb.ListModelsRequest(page_token="forged"))

    assert from_rpc_error(caught.value).reason == "PAGE_TOKEN_INVALID"
