"""From durable evidence to the standing that follows: `python -m tests.bench.bench_freshness`.

The suite is a process of its own, with defaults. People like things all the
while; accounts that a hosting tool runs (hard facts) and accounts that answer
and like by the clock (no client facts, comments to be scored) come in between.
Time runs from the acknowledgement of an account's activities until
WatchStandings tells that its standing changed.
"""

import argparse
import asyncio
import math
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import grpc
import numpy as np

from services.cli.stories import timestamp
from services.runtime.client import RemoteStub
from tests.bench.measuring import Found, say
from tests.suite.hosting import hosted, liked
from tests.suite.processes import SUITE, process
from truepen.accounts.v1 import accounts_service_pb2 as accounts_pb
from truepen.accounts.v1 import accounts_service_pb2_grpc, activities_pb2
from truepen.policy.v1 import enforcement_service_pb2 as policy_pb
from truepen.policy.v1 import enforcement_service_pb2_grpc

CROWD_BATCH, CROWD_PAUSE_S = 20, 0.1
PAUSE_S = 0.2
STRAGGLER_S = 120


def clockwork(account: str) -> list[activities_pb2.Activity]:
    """Two days of likes and thanks, each two seconds after what it answers."""
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)
    done = []
    for number in range(60):
        at += timedelta(minutes=40)
        kind = "COMMENT" if number % 3 == 0 else "LIKE"
        act = activities_pb2.Activity(
            id=f"{account}-{number}",
            account=f"accounts/{account}",
            type=activities_pb2.ActivityType.Value(f"ACTIVITY_TYPE_{kind}"),
            event_time=timestamp(at),
        )
        act.target.content = f"{account}-note-{number}"
        act.target.create_time.CopyFrom(timestamp(at - timedelta(seconds=2)))
        if kind == "COMMENT":
            act.text = f"感谢分享,已经收藏,期待更多精彩内容!第{number}次支持"
        done.append(act)
    return done


KINDS = {"hard facts": hosted, "behaviour and scored comments": clockwork}
GOALS = {hosted: "<= 2", clockwork: "<= 60"}


class Clock:
    """Since when an account waits, and how long those that were judged waited."""

    def __init__(self) -> None:
        self.since: dict[str, float] = {}
        self.waited: dict[str, float] = {}
        self.changed = asyncio.Event()

    def stop(self, account: str) -> None:
        """Its standing changed; the first change counts."""
        if account in self.since and account not in self.waited:
            self.waited[account] = time.perf_counter() - self.since[account]
            self.changed.set()

    async def all_waited(self, within: float) -> None:
        """Return when nobody waits, or after *within* seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while len(self.waited) < len(self.since):
                    self.changed.clear()
                    await self.changed.wait()


async def watch(enforcement: Any, clock: Clock) -> None:
    async for told in enforcement.WatchStandings(policy_pb.WatchStandingsRequest()):
        for standing in told.standings:
            clock.stop(standing.name.split("/")[1])


async def crowd(accounts: Any) -> None:
    """People who like things, all the while."""
    for number in count():
        acts = [liked(f"person{n}", number) for n in range(CROWD_BATCH)]
        await accounts.RecordActivities(
            accounts_pb.RecordActivitiesRequest(activities=acts)
        )
        await asyncio.sleep(CROWD_PAUSE_S)


async def waits(channel: grpc.aio.Channel, kind: str, size: int) -> list[float]:
    """Seconds that *size* accounts of a kind waited; those never judged, for ever."""
    accounts: Any = RemoteStub(accounts_service_pb2_grpc.AccountsServiceStub(channel))
    enforcement: Any = RemoteStub(
        enforcement_service_pb2_grpc.EnforcementServiceStub(channel)
    )
    clock = Clock()
    around = [
        asyncio.create_task(watch(enforcement, clock)),
        asyncio.create_task(crowd(accounts)),
    ]
    await asyncio.sleep(1)
    try:
        for number in range(size):
            account = f"{KINDS[kind].__name__}{number}"
            await accounts.RecordActivities(
                accounts_pb.RecordActivitiesRequest(activities=KINDS[kind](account))
            )
            clock.since[account] = time.perf_counter()
            await asyncio.sleep(PAUSE_S)
        await clock.all_waited(STRAGGLER_S)
    finally:
        for task in around:
            task.cancel()
        await asyncio.gather(*around, return_exceptions=True)
    return [clock.waited.get(account, math.inf) for account in clock.since]


async def measure(size: int) -> None:
    """Serve the suite once a kind, and tell how long its accounts waited."""
    for kind, make in KINDS.items():
        with tempfile.TemporaryDirectory() as folder:
            async with (
                process(SUITE, Path(folder)) as suite,
                grpc.aio.insecure_channel(f"127.0.0.1:{suite.port}") as channel,
            ):
                found = await waits(channel, kind, size)
        middle, last = np.quantile(found, (0.5, 0.99), method="higher")
        say(
            f"evidence durable to standing told, p99, {kind}",
            Found(last, middle, max(found)),
            "s; instead of quartiles: median and slowest",
            GOALS[make],
            accounts=size,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=200)
    asyncio.run(measure(parser.parse_args().accounts))


if __name__ == "__main__":
    main()
