"""RecordActivities and StreamActivities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.accounts.arrivals import ScoreState
from services.accounts.convert.activities import split_scores
from services.accounts.convert.fields import ACCOUNT_PREFIX
from services.accounts.server.edge import Edge, size_checked
from services.runtime.calls import time_left
from services.runtime.errors import AlreadyExists, InvalidField, ServiceError
from services.runtime.status import to_status
from truepen.accounts.v1 import accounts_service_pb2 as pb
from truepen.accounts.v1 import activities_pb2

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    import grpc

    from services.accounts.arrivals import Arrival
    from services.accounts.storage.ingest import Receipt
    from services.accounts.track import Recorded

    Context = grpc.aio.ServicerContext[Any, Any]

MAX_ACTIVITIES = 1_000
ANSWER_SHARE = 0.9
"""Of the time left, what scoring may take; the rest is for the way back."""

NAMES = {
    state: activities_pb2.ScoreState.ValueType(state.value) for state in ScoreState
}


class Recording(Edge):
    """Takes activities in."""

    async def RecordActivities(
        self, request: pb.RecordActivitiesRequest, context: Context
    ) -> pb.RecordActivitiesResponse:
        """Record a batch; a bad activity fails only itself."""
        if request.wait not in pb.WaitMode.values():
            raise InvalidField("wait", "must be one of WaitMode")
        arrivals = self._read(request.activities)
        good = [
            arrival for arrival in arrivals if not isinstance(arrival, ServiceError)
        ]
        if request.wait == pb.WAIT_MODE_ASSESSED:
            left = time_left()
            limit = None if left is None else left * ANSWER_SHARE
            assessed = await self._cases.track.record_assessed(good, limit)
            results = [_assessed(a, r) for a, r in zip(good, assessed, strict=True)]
        else:
            receipts = await self._cases.track.record(good)
            results = [_result(a, r) for a, r in zip(good, receipts, strict=True)]
        return pb.RecordActivitiesResponse(results=_in_place(arrivals, results))

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
        arrivals = self._read(request.activities)
        good = [
            arrival for arrival in arrivals if not isinstance(arrival, ServiceError)
        ]
        receipts = await self._cases.track.record(good)
        results = [_result(a, r) for a, r in zip(good, receipts, strict=True)]
        return pb.StreamActivitiesResponse(
            acknowledged_sequence=request.sequence,
            refused=[
                pb.RefusedActivity(index=index, error=result.error)
                for index, result in enumerate(_in_place(arrivals, results))
                if result.HasField("error")
            ],
            duplicate_count=sum(result.recorded.duplicate for result in results),
        )

    def _read(
        self, messages: Sequence[activities_pb2.Activity]
    ) -> list[Arrival | ServiceError]:
        size_checked("activities", len(messages), MAX_ACTIVITIES)
        now, read = self._cases.clock.now(), self._cases.reader.arrival
        arrivals: list[Arrival | ServiceError] = []
        for index, message in enumerate(messages):
            try:
                arrivals.append(read(message, f"activities[{index}]", now))
            except ServiceError as error:
                arrivals.append(error)
        return arrivals


def _in_place(
    arrivals: Sequence[Arrival | ServiceError],
    results: Sequence[pb.RecordActivityResult],
) -> list[pb.RecordActivityResult]:
    """Put errors between *results*, where they belong."""
    recorded = iter(results)
    return [
        pb.RecordActivityResult(error=to_status(arrival))
        if isinstance(arrival, ServiceError)
        else next(recorded)
        for arrival in arrivals
    ]


def _result(arrival: Arrival, receipt: Receipt) -> pb.RecordActivityResult:
    account, activity = arrival.key
    name = f"{ACCOUNT_PREFIX}{account}/activities/{activity}"
    if receipt.conflict:
        error = AlreadyExists("truepen.accounts.v1.Activity", name)
        return pb.RecordActivityResult(error=to_status(error))
    result = pb.RecordActivityResult()
    recorded = result.recorded  # filled in place: a message less to make and copy
    recorded.name = name
    recorded.revision = receipt.revision
    recorded.duplicate = receipt.duplicate
    recorded.score_state = NAMES[receipt.score_state]
    return result


def _assessed(arrival: Arrival, recorded: Recorded) -> pb.RecordActivityResult:
    result = _result(arrival, recorded.receipt)
    score = split_scores(list(recorded.scores))
    if score is not None and result.HasField("recorded"):
        result.recorded.score.CopyFrom(score)
    return result
