"""Decisions and notices over NATS JetStream, as CloudEvents, at least once.

What is published follows the records: numbers of the outbox, and a cursor that is
stored after the server has them. The id of an event is the same each time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from google.protobuf.json_format import MessageToDict
from prometheus_client import CollectorRegistry, Counter

from services.policy.convert.decisions import render_stored
from services.policy.convert.notices import render_notice
from services.policy.leases import Held, Leader
from services.policy.storage import decisions
from services.runtime.bell import Bell
from services.runtime.jetstream import JetStream, StreamPlan, connected, reconnecting

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from google.protobuf.message import Message

    from services.policy.handover import HandOver
    from services.policy.queries import Queries
    from services.policy.storage.store import Store
    from services.runtime.clock import Clock
    from services.runtime.settings import RuntimeSettings

EVENTS = StreamPlan(
    name="TRUEPEN_EVENTS",
    subjects=("truepen.policy.v1.decisions", "truepen.policy.v1.notices"),
    max_age=7 * 86_400,
    max_bytes=2**30,
    once_within=3_600,
)
DECISIONS, NOTICES = EVENTS.subjects
LEASE = "events"
SOURCE = "/truepen/policy"
PAGE = 200
HEADERS = {"Content-Type": "application/cloudevents+json"}


@dataclass(frozen=True, slots=True)
class Reached:
    """The last numbers that were published: what the cursor holds."""

    decisions: int = 0
    notices: int = 0

    @classmethod
    def of(cls, cursor: str) -> Reached:
        """Read a stored cursor; an empty one is the beginning."""
        return cls(**json.loads(cursor)) if cursor else cls()

    @property
    def cursor(self) -> str:
        """What is stored."""
        return json.dumps({"decisions": self.decisions, "notices": self.notices})


class Publisher:
    """Publishes what was decided and what is said to people."""

    def __init__(
        self,
        store: Store,
        queries: Queries,
        hand_over: HandOver | None,
        *,
        clock: Clock,
        bell: Bell,
        poll: float,
        registry: CollectorRegistry,
    ) -> None:
        """Note on *hand_over* that a notice was published, where that counts."""
        self._store = store
        self._queries = queries
        self._hand_over = hand_over
        self._clock = clock
        self._bell = bell
        self._poll = poll
        self._published = Counter(
            "policy_events_published",
            "Events that NATS has stored, repeats included.",
            ["subject"],
            registry=registry,
        )

    async def run(
        self, settings: RuntimeSettings, owner: str, lasts: timedelta
    ) -> None:
        """Publish until cancelled, while this replica holds the lease."""

        async def follow() -> None:
            async with connected(settings, "truepen-policy") as streams:
                await streams.ensure(EVENTS)
                leader = Leader(self._store, LEASE, owner, lasts)
                await leader.run(partial(self.work, streams))

        await reconnecting("events", follow)

    async def work(self, streams: JetStream, held: Held) -> None:
        """Publish from the stored cursor until cancelled, or until NATS fails."""
        while True:
            rung = self._bell.next
            before = Reached.of(held.cursor)
            after = Reached(
                await self._decisions(streams, before.decisions),
                await self._notices(streams, before.notices),
            )
            if after != before:
                await held.store(after.cursor)
            else:
                await Bell.wait_for(rung, self._poll)

    async def _decisions(self, streams: JetStream, after: int) -> int:
        if await self._store.read(decisions.any_unnumbered):
            await self._store.write(partial(decisions.number, limit=PAGE))
        found = await self._store.read(
            partial(decisions.outbox, after=after, limit=PAGE)
        )
        for number, stored in found:
            history = await self._queries.history(stored.account)
            measure = history.measure(stored.id)
            message = render_stored(stored, measure, self._clock.now())
            event = cloud_event(
                "decision", message.name, stored.decide_time, message.name, message
            )
            await self._publish(streams, DECISIONS, event)
            after = number
        return after

    async def _notices(self, streams: JetStream, after: int) -> int:
        for stored in await self._queries.outbox(after):
            message = render_notice(stored)
            # The key outlives a restore, which a number of the outbox does not.
            key = f"accounts/{stored.account}/notices/{stored.key}"
            event = cloud_event(
                "notice", key, stored.create_time, message.name, message
            )
            await self._publish(streams, NOTICES, event)
            if self._hand_over is not None:
                await self._hand_over.note(stored)
            after = stored.outbox_sequence
        return after

    async def _publish(
        self, streams: JetStream, subject: str, event: dict[str, Any]
    ) -> None:
        data = json.dumps(event, ensure_ascii=False).encode()
        await streams.publish(subject, data, once=event["id"], headers=HEADERS)
        self._published.labels(subject).inc()


def cloud_event(
    kind: str, key: str, time: datetime, subject: str, message: Message
) -> dict[str, Any]:
    """Return a CloudEvent 1.0 about what *key* names, for good."""
    name = message.DESCRIPTOR.full_name
    return {
        "specversion": "1.0",
        "id": sha256(f"{kind}:{key}".encode()).hexdigest()[:32],
        "source": SOURCE,
        "type": f"dev.truepen.policy.{kind}.v1",
        "subject": subject,
        "time": time.isoformat(),
        "datacontenttype": "application/json",
        "dataschema": f"urn:protobuf:{name}",
        "data": MessageToDict(message, preserving_proto_field_name=True),
    }
