"""A copy of standings that follows a real server, also while that is away."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.client import Client, ServiceError, Source
from services.client import standings as module
from services.client.standings import StandingWatcher
from services.policy.compose import compose
from services.policy.settings import PolicySettings
from services.runtime.local import LocalStub
from services.runtime.process import serving as running
from services.runtime.process import wire
from services.runtime.serve import Server
from services.runtime.settings import RuntimeSettings
from tests.policy.accounts_fake import FakeAccounts, FakeReports
from truepen.policy.v1 import decisions_pb2 as dp
from truepen.policy.v1 import enforcement_service_pb2 as pb

SOON = 20


@asynccontextmanager
async def serving(folder: Path, port: int = 0) -> AsyncIterator[Server]:
    """Policy on *folder*; its streams show signs of life quickly."""
    wiring = wire(RuntimeSettings(port=port, data_dir=folder, grace_s=0.1))
    settings = PolicySettings(worker=False, heartbeat_s=0.2, watch_poll_s=0.05)
    stubs = LocalStub(FakeAccounts()), LocalStub(FakeReports())
    policy = compose(settings, wiring, *stubs)
    async with running(wiring, [policy.parts]) as server:
        yield server


@asynccontextmanager
async def serving_until(folder: Path, port: int) -> AsyncIterator[AsyncExitStack]:
    """Policy, until what is given is closed, or the end."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving(folder, port))
        yield stack


@asynccontextmanager
async def watching(
    port: int, max_staleness_s: float = 30
) -> AsyncIterator[tuple[Client, StandingWatcher]]:
    """A client of policy there, and a copy that is whole."""
    async with (
        Client(f"localhost:{port}") as client,
        client.watch_standings(max_staleness_s) as standings,
    ):
        async with asyncio.timeout(SOON):
            await standings.synced()
        yield client, standings


async def decide(
    client: Client, account: str, tier: Any, expire: timedelta | None = None
) -> dp.Standing:
    """A person decides; the standing that follows."""
    request = pb.OverrideDecisionRequest(
        account=f"accounts/{account}",
        tier=tier,
        ground=dp.GROUND_AI_CONTENT,
        reason="for the test",
        request_id=str(uuid4()),
    )
    if expire is not None:
        request.expire_time.FromDatetime(datetime.now(UTC) + expire)
    return (await client.enforcement.OverrideDecision(request)).standing


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON):
        while not true():  # noqa: ASYNC110  # others change it
            await asyncio.sleep(0.02)


async def test_the_copy_has_what_was_and_takes_in_what_comes(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, Client(f"localhost:{server.port}") as first:
        await decide(first, "early", dp.TIER_BANNED)
        async with watching(server.port) as (client, standings):
            early = standings.kept("early")
            await decide(client, "late", dp.TIER_WARNING)
            await until(lambda: len(standings) == 2)
            late, other = standings.kept("late"), standings.kept("other")
            await decide(client, "late", dp.TIER_CLEAR)
            await until(lambda: len(standings) == 1)
            cleared = standings.kept("late")

            asked = await client.enforcement.GetStanding(
                pb.GetStandingRequest(name="accounts/other/standing")
            )

    assert early is not None
    assert late is not None
    assert other is not None
    assert cleared is not None
    assert early.source is Source.MEMORY
    assert not early.standing.can_publish
    assert late.standing.tier == dp.TIER_WARNING
    assert cleared.standing.tier == dp.TIER_CLEAR
    asked.standing.ClearField("max_age")
    assert other.standing == asked.standing  # the copy and the server agree
    assert 0 <= other.age_s < SOON


async def test_a_copy_of_many_pages_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", 2)
    names = [f"a{number}" for number in range(5)]
    async with serving(tmp_path) as server, Client(f"localhost:{server.port}") as first:
        for name in names:
            await decide(first, name, dp.TIER_WARNING)
        async with watching(server.port) as (_, standings):
            assert len(standings) == 5


async def test_the_copy_lives_through_a_restart(tmp_path: Path, free_port: int) -> None:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(serving_until(tmp_path, free_port))
        client, standings = await stack.enter_async_context(watching(free_port, 1))
        await decide(client, "a", dp.TIER_BANNED)
        await until(lambda: len(standings) == 1)
        cursor = standings._cursor

        await first.aclose()
        away = await standings.read("a")
        await until(lambda: standings.age_s > 1)
        stale = await standings.read("a")
        assert standings.kept("a") is None
        await stack.enter_async_context(serving_until(tmp_path, free_port))
        await until(lambda: standings.age_s < 1)  # it has found the server again
        await decide(client, "b", dp.TIER_WARNING)
        await until(lambda: len(standings) == 2)
        back = await standings.read("b")

    assert cursor  # it went on from there: a snapshot would not have seen `a` twice
    assert away.source in (Source.MEMORY, Source.STALE)
    assert stale.source is Source.STALE
    assert stale.age_s > 1
    assert stale.standing.tier == dp.TIER_BANNED
    assert back.source is Source.MEMORY


async def test_a_restored_database_makes_the_copy_start_over(
    tmp_path: Path, free_port: int
) -> None:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(
            serving_until(tmp_path / "1", free_port)
        )
        client, standings = await stack.enter_async_context(watching(free_port))
        for name in ("a", "b"):
            await decide(client, name, dp.TIER_BANNED)
        await until(lambda: len(standings) == 2)

        await first.aclose()
        await stack.enter_async_context(serving_until(tmp_path / "2", free_port))
        await until(lambda: len(standings) == 0)
        await decide(client, "c", dp.TIER_WARNING)
        await until(lambda: len(standings) == 1)

        assert standings.kept("c") is not None


async def test_before_the_snapshot_the_server_is_asked(tmp_path: Path) -> None:
    async with (
        serving(tmp_path) as server,
        Client(f"localhost:{server.port}") as client,
    ):
        standings = client.watch_standings()  # not entered: it follows nothing
        reading = await standings.read("a")

    assert standings.kept("a") is None
    assert reading.source is Source.SERVER
    assert reading.age_s == 0


async def test_without_copy_and_server_there_is_no_answer(free_port: int) -> None:
    async with (
        Client(f"localhost:{free_port}") as client,
        client.watch_standings() as standings,
    ):
        with pytest.raises(ServiceError):
            await standings.read("a", timeout_s=0.5)


async def test_what_the_copy_cannot_know_is_asked_for(tmp_path: Path) -> None:
    async with (
        serving(tmp_path) as server,
        watching(server.port) as (client, standings),
    ):
        limited = await decide(client, "posts", dp.TIER_PUBLISHING_LIMITED)
        await decide(client, "timed", dp.TIER_WARNING, timedelta(seconds=2))
        await until(lambda: len(standings) == 2)
        timed = await standings.read("timed")
        await asyncio.sleep(2)
        readings = {
            "counted": await standings.read("posts"),
            "over": await standings.read("timed"),
        }
        with pytest.raises(ServiceError) as caught:
            await standings.read("posts", min_revision=limited.revision + 1)

    assert limited.HasField("posts_left")
    assert timed.source is Source.MEMORY
    assert {name: r.source for name, r in readings.items()} == {
        "counted": Source.SERVER,
        "over": Source.SERVER,
    }
    assert readings["over"].standing.tier == dp.TIER_CLEAR
    assert caught.value.reason == "REVISION_NOT_REACHED"


async def test_a_caller_may_change_its_answer(tmp_path: Path) -> None:
    async with (
        serving(tmp_path) as server,
        watching(server.port) as (client, standings),
    ):
        await decide(client, "a", dp.TIER_BANNED)
        await until(lambda: len(standings) == 1)
        first = standings.kept("a")
        assert first is not None
        first.standing.tier = dp.TIER_CLEAR

        again = standings.kept("a")

    assert again is not None
    assert again.standing.tier == dp.TIER_BANNED


async def test_closing_leaves_no_task(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        before = asyncio.all_tasks()
        async with watching(server.port):
            assert any(t.get_name() == "standing watcher" for t in asyncio.all_tasks())

        assert {
            t for t in asyncio.all_tasks() - before if "standing" in t.get_name()
        } == (set())
