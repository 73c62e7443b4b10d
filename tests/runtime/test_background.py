"""Work beside the calls outlives its own bugs, and tells of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import structlog
from prometheus_client import CollectorRegistry

from services.runtime.background import Background

BROKE = "things_work_failures_total"


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@asynccontextmanager
async def ended(background: Background) -> AsyncIterator[Background]:
    yield background
    await background.stop()


async def test_work_that_breaks_is_told_counted_and_begun_again(
    registry: CollectorRegistry,
) -> None:
    begun: list[int] = []
    works = asyncio.Event()

    async def work() -> None:
        begun.append(len(begun))
        if len(begun) == 1:
            raise KeyError("nobody thought of this")
        works.set()
        await asyncio.Event().wait()

    with structlog.testing.capture_logs() as told:
        async with ended(Background("things", registry)) as background:
            background.start("counting", work)
            await works.wait()

    [line] = [one for one in told if one["log_level"] == "error"]
    assert (line["event"], line["work"]) == ("work broke", "counting")
    assert isinstance(line["exc_info"], KeyError)
    assert begun == [0, 1]
    assert registry.get_sample_value(BROKE, {"work": "counting"}) == 1


async def test_work_that_never_broke_is_told_as_such(
    registry: CollectorRegistry,
) -> None:
    async def work() -> None:
        await asyncio.Event().wait()

    async with ended(Background("things", registry)) as background:
        background.start("waiting", work)

    assert registry.get_sample_value(BROKE, {"work": "waiting"}) == 0


async def test_stopping_waits_until_work_has_put_its_things_away(
    registry: CollectorRegistry,
) -> None:
    background = Background("things", registry)
    begun, away = asyncio.Event(), []

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.05)
            away.append("all")

    background.start("tidy", work)
    await begun.wait()
    await background.stop()

    assert away == ["all"]
    assert registry.get_sample_value(BROKE, {"work": "tidy"}) == 0
