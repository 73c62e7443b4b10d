"""DetectorService over gRPC: parse, ask, render."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from services.detector import convert
from services.runtime.calls import time_left
from services.runtime.errors import PageTokenInvalid, ServiceError
from services.runtime.interceptors import translate
from services.runtime.paging import Tokens, page_size, query_of
from truepen.detector.v1 import detector_service_pb2 as pb
from truepen.detector.v1 import detector_service_pb2_grpc as pb_grpc

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import grpc

    from services.detector.batching import Batcher
    from services.detector.panel import Finding, LoadedModel

    Context = grpc.aio.ServicerContext[Any, Any]
    Begun = asyncio.Future[Finding] | ServiceError

SERVICE = "truepen.detector.v1.DetectorService"

# Texts of one stream that wait or run at once: enough to fill two batches.
STREAM_IN_FLIGHT = 64


class DetectorServicer(pb_grpc.DetectorServiceServicer):
    """Serves DetectorService."""

    def __init__(
        self,
        batcher: Batcher[Finding],
        models: tuple[LoadedModel, ...],
        tokens: Tokens,
    ) -> None:
        """Answer with *batcher*; *models* are those behind it, the live one first."""
        self._batcher = batcher
        self._models = models
        self._tokens = tokens

    async def DetectText(
        self, request: pb.DetectTextRequest, context: Context
    ) -> pb.DetectTextResponse:
        text = convert.check_text("text", request.text)
        (answer,) = self._batcher.submit([text], time_left())
        return pb.DetectTextResponse(assessment=convert.to_assessment(await answer))

    async def BatchDetectText(
        self, request: pb.BatchDetectTextRequest, context: Context
    ) -> pb.BatchDetectTextResponse:
        texts = convert.check_batch(list(request.texts))
        faults: dict[int, ServiceError] = {}
        for i, text in enumerate(texts):
            try:
                convert.check_text(f"texts[{i}]", text)
            except ServiceError as error:
                faults[i] = error
        sound = [text for i, text in enumerate(texts) if i not in faults]
        answers = self._batcher.submit(sound, time_left()) if sound else []
        outcomes = iter(await asyncio.gather(*answers, return_exceptions=True))
        results = [
            _result(faults[i] if i in faults else next(outcomes))
            for i in range(len(texts))
        ]
        return pb.BatchDetectTextResponse(results=results)

    async def StreamDetectText(
        self,
        request_iterator: AsyncIterator[pb.StreamDetectTextRequest],
        context: Context,
    ) -> AsyncIterator[pb.StreamDetectTextResponse]:
        room = asyncio.Semaphore(STREAM_IN_FLIGHT)
        begun: asyncio.Queue[tuple[str, Begun] | None] = asyncio.Queue()

        async def read() -> None:
            try:
                async for request in request_iterator:
                    await room.acquire()
                    begun.put_nowait((request.correlation_id, self._begin(request)))
            finally:
                begun.put_nowait(None)

        reader = asyncio.create_task(read())
        try:
            while (item := await begun.get()) is not None:
                mark, answer = item
                result = await _outcome(answer)
                room.release()
                yield pb.StreamDetectTextResponse(correlation_id=mark, result=result)
            await reader
        finally:
            reader.cancel()
            _abandon(begun)

    async def GetModel(
        self, request: pb.GetModelRequest, context: Context
    ) -> pb.GetModelResponse:
        model = convert.find_model(request.name, self._models)
        return pb.GetModelResponse(model=convert.to_model(model, with_card=True))

    async def ListModels(
        self, request: pb.ListModelsRequest, context: Context
    ) -> pb.ListModelsResponse:
        size = page_size(request.page_size, 20, 100)
        query = query_of(request)
        start = self._after(query, request.page_token) if request.page_token else 0
        page = self._models[start : start + size]
        response = pb.ListModelsResponse(
            models=[convert.to_model(model, with_card=False) for model in page]
        )
        if start + size < len(self._models):
            response.next_page_token = self._tokens.seal(query, [page[-1].digest])
        return response

    def _after(self, query: bytes, token: str) -> int:
        """Where the page after the one that gave *token* starts."""
        (digest,) = self._tokens.open(query, token)
        for i, model in enumerate(self._models):
            if model.digest == digest:
                return i + 1
        raise PageTokenInvalid  # of a replica that has other models loaded

    def _begin(self, request: pb.StreamDetectTextRequest) -> Begun:
        try:
            (answer,) = self._batcher.submit([convert.check_item(request)], time_left())
        except ServiceError as error:
            return error
        return answer


async def _outcome(answer: Begun) -> pb.DetectResult:
    if isinstance(answer, ServiceError):
        return _result(answer)
    try:
        return _result(await answer)
    except Exception as error:  # noqa: BLE001  # one bad text ends no stream
        return _result(error)


def _result(outcome: Finding | BaseException) -> pb.DetectResult:
    """Render what became of one text of several."""
    if isinstance(outcome, Exception):
        return convert.to_error(translate(outcome, SERVICE))
    if isinstance(outcome, BaseException):
        raise outcome
    return convert.to_result(outcome)


def _abandon(begun: asyncio.Queue[tuple[str, Begun] | None]) -> None:
    """Cancel what the caller will not read, so that no model runs for it."""
    while not begun.empty():
        item = begun.get_nowait()
        if item is not None and isinstance(item[1], asyncio.Future):
            item[1].cancel()
