"""RecordActivities and StreamActivities."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from services.accounts.convert.activities import MAX_ACTIVITIES
from services.accounts.convert.fields import ACCOUNT_PREFIX
from services.accounts.convert.recorded import split_scores
from services.accounts.domain.times import to_us
from services.accounts.server.edge import Edge
from services.runtime.calls import time_left
from services.runtime.errors import AlreadyExists, InvalidField, ServiceError
from services.runtime.fields import check_batch
from services.runtime.status import to_status
from truepen.accounts.v1 import accounts_service_pb2 as pb
from truepen.accounts.v1 import activities_pb2

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    import grpc

    from services.accounts.arrivals import Arrival
    from services.accounts.storage.ingest import Receipt

    Context = grpc.aio.ServicerContext[Any, Any]

BREATH = 32
"""Activities read before other calls get their turn."""
ANSWER_SHARE = 0.9
"""Of the time left, what scoring may take; the rest is for the way back."""


class RecordingCalls(Edge):
    """Takes activities in."""

    async def RecordActivities(
        self, request: pb.RecordActivitiesRequest, context: Context
    ) -> pb.RecordActivitiesResponse:
        """Record a batch; a bad activity fails only itself."""
        if request.wait not in pb.WaitMode.values():
            raise InvalidField("wait", "must be one of WaitMode")
        arrivals = await self._read(request.activities)
        if request.wait != pb.WAIT_MODE_ASSESSED:
            return _answer(
                arrivals, await self._use_cases.track.record(_good(arrivals))
            )
        left = time_left()
        limit = None if left is None else left * ANSWER_SHARE
        assessed = await self._use_cases.track.record_assessed(_good(arrivals), limit)
        answer = _answer(arrivals, [each.receipt for each in assessed])
        told = [each.recorded for each in answer.results if each.HasField("recorded")]
        kept = [each for each in assessed if not each.receipt.conflict]
        for recorded, each in zip(told, kept, strict=True):
            if (score := split_scores(list(each.scores))) is not None:
                recorded.score.CopyFrom(score)
        return answer

    async def StreamActivities(
        self,
        request_iterator: AsyncIterator[pb.StreamActivitiesRequest],
        context: Context,
    ) -> AsyncIterator[pb.StreamActivitiesResponse]:
        """Record batch after batch; each is acknowledged once it is durable."""
        reached = 0
        async for request in request_iterator:
            if request.sequence <= reached:
                raise InvalidField("sequence", f"must be larger than {reached}")
            reached = request.sequence
            yield await self._acknowledge(request)

    async def _acknowledge(
        self, request: pb.StreamActivitiesRequest
    ) -> pb.StreamActivitiesResponse:
        arrivals = await self._read(request.activities)
        receipts = await self._use_cases.track.record(_good(arrivals))
        return pb.StreamActivitiesResponse(
            acknowledged_sequence=request.sequence,
            refused=[
                pb.RefusedActivity(index=index, error=result.error)
                for index, result in enumerate(_answer(arrivals, receipts).results)
                if result.HasField("error")
            ],
            duplicate_count=sum(receipt.duplicate for receipt in receipts),
        )

    async def _read(
        self, messages: Sequence[activities_pb2.Activity]
    ) -> list[Arrival | ServiceError]:
        check_batch("activities", messages, MAX_ACTIVITIES)
        now_us, read = (
            to_us(self._use_cases.clock.now()),
            self._use_cases.reader.arrival,
        )
        arrivals: list[Arrival | ServiceError] = []
        for index, message in enumerate(messages):
            if index % BREATH == BREATH - 1:
                await asyncio.sleep(0)
            try:
                arrivals.append(read(message, f"activities[{index}]", now_us))
            except ServiceError as error:
                arrivals.append(error)
        return arrivals


def _good(arrivals: Sequence[Arrival | ServiceError]) -> list[Arrival]:
    return [arrival for arrival in arrivals if not isinstance(arrival, ServiceError)]


def _answer(
    arrivals: Sequence[Arrival | ServiceError], receipts: Iterable[Receipt]
) -> pb.RecordActivitiesResponse:
    """Tell what became of each of *arrivals*; those in order have *receipts*.

    Filled in place: a batch has too many results to make each and copy it.
    """
    answer, following = pb.RecordActivitiesResponse(), iter(receipts)
    add = answer.results.add
    for arrival in arrivals:
        if isinstance(arrival, ServiceError):
            add().error.CopyFrom(to_status(arrival))
        else:
            _tell(add(), arrival, next(following))
    return answer


def _tell(result: pb.RecordActivityResult, arrival: Arrival, receipt: Receipt) -> None:
    account, activity = arrival.key
    name = f"{ACCOUNT_PREFIX}{account}/activities/{activity}"
    if receipt.conflict:
        error = AlreadyExists("truepen.accounts.v1.Activity", name)
        result.error.CopyFrom(to_status(error))
        return
    recorded = result.recorded
    recorded.name = name
    recorded.revision = receipt.revision
    recorded.duplicate = receipt.duplicate
    # The numbers are those of the contract.
    recorded.score_state = receipt.score_state  # type: ignore[assignment]
