"""Activities over NATS JetStream: the same contract, acknowledged once durable.

A message is a RecordActivitiesRequest. One that comes again changes nothing, as
the ids of activities say. What can never be recorded goes to a stream of its own
with the reason; what could not be recorded now comes again.
"""

from __future__ import annotations

import json
from collections import Counter as Tally
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog
from google.protobuf.message import DecodeError
from prometheus_client import CollectorRegistry, Counter

from services.accounts.convert.activities import MAX_ACTIVITIES
from services.runtime.errors import (
    InternalError,
    InvalidField,
    InvalidFields,
    ServiceError,
)
from services.runtime.fields import check_batch
from services.runtime.jetstream import (
    Delivery,
    JetStream,
    StreamPlan,
    Taking,
    connected,
    reconnecting,
)
from services.runtime.status import from_status
from truepen.accounts.v1 import accounts_service_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.runtime.settings import RuntimeSettings
    from truepen.accounts.v1 import activities_pb2

log = structlog.get_logger()

ACTIVITIES = StreamPlan(
    name="TRUEPEN_ACTIVITIES",
    subjects=("truepen.accounts.v1.activities.>",),
    max_age=7 * 86_400,
    max_bytes=2**30,
    until_done=True,
)
REFUSED = StreamPlan(
    name="TRUEPEN_REFUSED",
    subjects=("truepen.accounts.v1.refused",),
    max_age=3 * 86_400,
    max_bytes=2**28,
)
CONSUMER = "truepen-accounts"
RECORD_TIMEOUT = 20.0
ACK_WAIT = 30.0
PENDING_BATCHES = 8
"""Batches that may be out at all replicas together: the rest waits in the stream."""
AGAIN_AFTER = 2.0
LONGEST_AGAIN = 60.0
BROKEN_ATTEMPTS = 5
"""Deliveries after which a message that breaks us is set aside."""
MAX_ERRORS = 20


@dataclass(slots=True)
class Batch:
    """What one message brought, and what was wrong with which of it."""

    delivery: Delivery
    activities: Sequence[activities_pb2.Activity]
    errors: dict[int, ServiceError] = field(default_factory=dict)


class Ingest:
    """Takes activities from NATS and has *recorder*, a stub, record them."""

    def __init__(self, recorder: Any, registry: CollectorRegistry, batch: int) -> None:
        self._recorder = recorder
        self._batch = batch
        self._messages = Counter(
            "accounts_ingest_messages",
            "Messages taken from NATS, by what became of them.",
            ["outcome"],
            registry=registry,
        )

    async def run(self, settings: RuntimeSettings) -> None:
        """Take until cancelled."""

        async def follow() -> None:
            async with connected(settings, CONSUMER) as streams:
                await self.take(streams)

        await reconnecting("ingest", follow)

    async def take(self, streams: JetStream) -> None:
        """Take over one connection until it is closed."""
        await streams.ensure(ACTIVITIES)
        await streams.ensure(REFUSED)
        how = Taking(self._batch, ACK_WAIT, PENDING_BATCHES * self._batch)

        async def work(deliveries: Sequence[Delivery]) -> None:
            await self.record(streams, deliveries)

        subject = ACTIVITIES.subjects[0]
        await streams.take(ACTIVITIES.name, subject, CONSUMER, how, work)

    async def record(self, streams: JetStream, deliveries: Sequence[Delivery]) -> None:
        """Record *deliveries*, as many at once as a call may hold."""
        group: list[Batch] = []
        for place, delivery in enumerate(deliveries):
            try:
                batch = Batch(delivery, read(delivery.data))
            except ServiceError as error:
                await self._set_aside(streams, delivery, error)
                continue
            held = sum(len(other.activities) for other in group)
            if held + len(batch.activities) > MAX_ACTIVITIES:
                await self._record(streams, group)
                group = []
                for waiting in deliveries[place:]:  # or they would come again
                    await waiting.working()
            group.append(batch)
        await self._record(streams, group)

    async def _record(self, streams: JetStream, group: Sequence[Batch]) -> None:
        if not group:
            return
        request = pb.RecordActivitiesRequest(wait=pb.WAIT_MODE_DURABLE)
        for batch in group:
            request.activities.extend(batch.activities)
        try:
            answer = await self._recorder.RecordActivities(
                request, timeout=RECORD_TIMEOUT
            )
        except ServiceError as error:
            await self._not_recorded(streams, group, error)
            return
        results = iter(answer.results)
        for batch in group:
            for place, _ in enumerate(batch.activities):
                result = next(results)
                if result.HasField("error"):
                    batch.errors[place] = from_status(result.error)
            await self._settle(streams, batch)

    async def _not_recorded(
        self, streams: JetStream, group: Sequence[Batch], error: ServiceError
    ) -> None:
        """Have *group* come again; one that can never be recorded must not."""
        log.warning("not recorded", messages=len(group), reason=error.reason)
        hopeless = isinstance(error, InvalidFields | InternalError)
        if hopeless and len(group) > 1:  # find out which one it is
            for batch in group:
                await self._record(streams, [batch])
            return
        for batch in group:
            tried = batch.delivery.attempts
            broken = isinstance(error, InternalError) and tried >= BROKEN_ATTEMPTS
            if broken or isinstance(error, InvalidFields):
                await self._set_aside(streams, batch.delivery, error)
            else:
                await self._again(batch.delivery)

    async def _settle(self, streams: JetStream, batch: Batch) -> None:
        """Set aside what was refused of a batch, and be done with it."""
        if batch.errors:
            kept = [batch.activities[place] for place in batch.errors]
            payload = pb.RecordActivitiesRequest(activities=kept).SerializeToString()
            told = await self._tell(
                streams, batch.delivery, payload, list(batch.errors.values())
            )
            if not told:
                await self._again(batch.delivery)
                return
        await batch.delivery.done()
        self._messages.labels("partly_refused" if batch.errors else "recorded").inc()

    async def _set_aside(
        self, streams: JetStream, delivery: Delivery, error: ServiceError
    ) -> None:
        """Keep a message that is of no use as it came, and take it no more."""
        if await self._tell(streams, delivery, delivery.data, [error]):
            await delivery.give_up(error.reason)
            self._messages.labels("refused").inc()
        else:
            await self._again(delivery)

    async def _tell(
        self,
        streams: JetStream,
        delivery: Delivery,
        payload: bytes,
        errors: Sequence[ServiceError],
    ) -> bool:
        """Publish what was refused and why; say whether that is stored."""
        reasons = Tally(error.reason for error in errors)
        log.warning("refused", place=delivery.place, reasons=dict(reasons))
        told = [
            {"index": index, "reason": error.reason, "message": str(error)}
            for index, error in enumerate(errors[:MAX_ERRORS])
        ]
        headers = {
            "Truepen-Reason": reasons.most_common(1)[0][0],
            "Truepen-Errors": json.dumps(told),
            "Truepen-Message": delivery.place,
        }
        try:
            await streams.publish(
                REFUSED.subjects[0], payload, once=delivery.place, headers=headers
            )
        except ServiceError as error:
            log.warning("refusal not kept", reason=error.reason)
            return False
        return True

    async def _again(self, delivery: Delivery) -> None:
        await delivery.again(min(AGAIN_AFTER * delivery.attempts, LONGEST_AGAIN))
        self._messages.labels("again").inc()


def read(data: bytes) -> Sequence[activities_pb2.Activity]:
    """Return the activities in a message; raise what is wrong with it."""
    try:
        request = pb.RecordActivitiesRequest.FromString(data)
    except DecodeError:
        raise InvalidField("message", "is no RecordActivitiesRequest") from None
    check_batch("activities", request.activities, MAX_ACTIVITIES)
    return request.activities
