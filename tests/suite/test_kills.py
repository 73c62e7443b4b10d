"""A stream of activities against a process that is killed again and again."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import pytest

from services.accounts.convert.activities import remembered
from services.accounts.profiles import Profiles
from services.runtime.clock import SystemClock
from services.runtime.database import Database
from tests.suite.processes import Process, process
from truepen.accounts.v1 import accounts_service_pb2 as pb
from truepen.accounts.v1 import accounts_service_pb2_grpc, activities_pb2

ACCOUNTS = 5
BATCH = 20
START = datetime(2026, 10, 1, tzinfo=UTC)
# gRPC itself says INTERNAL where a message was on its way out.
BROKEN = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL}


def accounts_process(folder: Path) -> AbstractAsyncContextManager[Process]:
    """Accounts alone, acknowledging what would survive a power cut."""
    away = "127.0.0.1:9"
    return process("accounts", folder, TRUEPEN_ACCOUNTS_DETECTOR_TARGET=away)


def batch(number: int) -> pb.StreamActivitiesRequest:
    """Batch *number*, the same whenever it is sent."""
    request = pb.StreamActivitiesRequest(sequence=number + 1)
    for place in range(BATCH):
        activity = request.activities.add(
            id=f"{number}-{place}",
            account=f"accounts/a{place % ACCOUNTS}",
            type=activities_pb2.ACTIVITY_TYPE_LIKE,
        )
        activity.event_time.FromDatetime(START + timedelta(seconds=number))
    return request


class Sender:
    """Sends batches in order; after a break, from the first not acknowledged."""

    def __init__(self) -> None:
        self.acknowledged = 0
        self.duplicates = 0

    async def send(self, port: int, goal: int, end: Callable[[], object]) -> None:
        """Send until the stream breaks; *end* it once *goal* is acknowledged."""
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub: Any = accounts_service_pb2_grpc.AccountsServiceStub(channel)
            with pytest.raises(grpc.aio.AioRpcError) as broken:
                await self._stream(stub, goal, end)
        assert broken.value.code() in BROKEN

    async def _stream(self, stub: Any, goal: int, end: Callable[[], object]) -> None:
        ended = False
        async for answer in stub.StreamActivities(self._requests()):
            assert not answer.refused
            self.acknowledged = answer.acknowledged_sequence
            self.duplicates += answer.duplicate_count
            if not ended and self.acknowledged >= goal:
                ended = True
                end()

    async def _requests(self) -> AsyncIterator[pb.StreamActivitiesRequest]:
        number = self.acknowledged
        while True:
            yield batch(number)
            number += 1


async def killed_while_it_streams(folder: Path, kills: int) -> Sender:
    """Kill the process *kills* times in the middle; return who sent."""
    chance, sender = random.Random(kills), Sender()
    later = asyncio.get_running_loop().call_later
    for _ in range(kills):
        async with accounts_process(folder) as accounts:
            goal = sender.acknowledged + chance.randint(1, 40)
            kill = partial(later, chance.uniform(0, 0.02), accounts.kill)
            await sender.send(accounts.port, goal, kill)
    return sender


async def logged(folder: Path) -> list[str]:
    """Ids in the log, after checking that profiles are what it adds up to."""
    database = Database(f"sqlite:///{folder}/accounts.db")
    profiles = Profiles(database, SystemClock(), remembered)
    for number in range(ACCOUNTS):
        assert (await profiles.rebuild(f"a{number}")).same
    reads = await profiles.get_many([f"a{n}" for n in range(ACCOUNTS)])
    counted = sum(read.profile.activity_count for read in reads if read)
    rows = await database.read(
        lambda tx: list(tx.exec_driver_sql("SELECT id FROM activities").scalars())
    )
    database.close()
    assert counted == len(rows)
    return rows


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(3, marks=pytest.mark.slow),
        pytest.param(50, marks=pytest.mark.soak),
    ],
)
async def test_every_acknowledged_activity_is_there_once(
    tmp_path: Path, kills: int
) -> None:
    sender = await killed_while_it_streams(tmp_path, kills)

    found = Counter(await logged(tmp_path))
    sent = {
        f"{number}-{place}"
        for number in range(sender.acknowledged)
        for place in range(BATCH)
    }

    assert sender.acknowledged >= kills
    assert sent <= found.keys()
    assert set(found.values()) == {1}
    # A batch is there whole or not at all.
    assert len(found) % BATCH == 0
