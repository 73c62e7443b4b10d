"""How fast activities are recorded: `python -m tests.bench.bench_accounts`.

RecordActivities over gRPC on a real port, without text, in turns with plain
SQLAlchemy-core inserts of rows of the same size into the same table; then
GetProfile must show what was acknowledged. On SQLite and, where its wheel is
installed, on PostgreSQL.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import psycopg
from sqlalchemy import Connection, insert

from services.accounts.storage.activities import ACTIVITIES
from services.runtime import migrate
from services.runtime.database import Database
from tests import postgres
from tests.accounts.serving import accounts_running
from tests.bench.measuring import say, summary
from tests.conftest import serving
from truepen.accounts.v1 import accounts_service_pb2 as pb
from truepen.accounts.v1 import accounts_service_pb2_grpc as pb_grpc
from truepen.accounts.v1 import activities_pb2

BATCH = 1_000
STARTS = int(datetime(2026, 10, 1, tzinfo=UTC).timestamp())
GOALS = {("sqlite", BATCH, 100): ">= 30,000"}
SHARES = {("postgresql", BATCH, 100): ">= 0.4"}


class Batches:
    """Requests of activities over some accounts, none of them twice."""

    def __init__(self, size: int, accounts: int) -> None:
        self.size, self.accounts = size, accounts
        self.prefix = uuid4().hex[:8]
        self.made = 0

    def next(self) -> pb.RecordActivitiesRequest:
        """The next request."""
        request = pb.RecordActivitiesRequest()
        for index in range(self.size):
            place = self.made * self.size + index
            activity = request.activities.add(
                id=f"{self.prefix}-{place}",
                account=f"accounts/{self.prefix}-{index % self.accounts}",
                type=1 + place % 4,
                text_length=40,
                target=activities_pb2.Target(content=f"c{place % 97}"),
            )
            activity.event_time.seconds = STARTS + place * 7
        self.made += 1
        return request


def put(connection: Connection, rows: list[dict[str, object]]) -> None:
    """Insert *rows* as SQLAlchemy core does."""
    connection.execute(insert(ACTIVITIES), rows)


def plain_rows(count: int) -> list[dict[str, object]]:
    """Rows of the size that activities have."""
    prefix = uuid4().hex[:8]
    return [
        {
            "account": f"plain-{index % 100}",
            "id": f"{prefix}-{index}",
            "event_us": index,
            "record_us": index,
            "revision": 1,
            "score_state": 1,
            "digest": b"d" * 16,
            "facts": b"f" * 70,
            "text_length": 40,
            "fingerprint": None,
        }
        for index in range(count)
    ]


class Taken(NamedTuple):
    """What one batch took: seconds, and seconds of CPU of this process."""

    seconds: float
    cpu: float


async def taken_by(work: Awaitable[Any]) -> Taken:
    """What *work*, not begun yet, takes."""
    begun, used = time.perf_counter(), time.process_time()
    await work
    return Taken(time.perf_counter() - begun, time.process_time() - used)


async def measured(
    url: str, folder: Path, shapes: list[tuple[int, int]], rounds: int
) -> dict[str, list[Taken]]:
    """What batches of each shape (size, accounts) and plain inserts of its size take."""
    found: dict[str, list[Taken]] = {}
    plain = Database(url)
    async with accounts_running(folder, url, durable=True) as running:
        add = pb_grpc.add_AccountsServiceServicer_to_server
        async with serving(add, running.parts.servicer) as channel:
            stub: Any = pb_grpc.AccountsServiceStub(channel)
            sources = {shape: Batches(*shape) for shape in shapes}
            for source in sources.values():
                await stub.RecordActivities(source.next())
            for _ in range(rounds):
                for (size, accounts), source in sources.items():
                    rows, request = plain_rows(size), source.next()
                    shape = f"{size} {accounts}"
                    taken = await taken_by(plain.write(partial(put, rows=rows)))
                    found.setdefault(f"plain {shape}", []).append(taken)
                    taken = await taken_by(stub.RecordActivities(request))
                    found.setdefault(shape, []).append(taken)
            for source in sources.values():
                await check(stub, source)
    plain.close()
    return found


async def check(stub: Any, source: Batches) -> None:
    """What was acknowledged is in the profile."""
    name = f"accounts/{source.prefix}-0/profile"
    read = await stub.GetProfile(pb.GetProfileRequest(name=name))
    in_each = -(-source.size // source.accounts)
    assert read.profile.activity_count == source.made * in_each


@contextmanager
def database_urls(folder: Path) -> Iterator[dict[str, str]]:
    """A migrated database of each kind there is."""
    with ExitStack() as running:
        urls = {"sqlite": f"sqlite:///{folder}/bench.db"}
        if postgres.installed():
            socket = running.enter_context(postgres.running())
            server = f"host={socket} user=postgres dbname=postgres"
            with psycopg.connect(server, autocommit=True) as connection:
                connection.execute("CREATE DATABASE bench")
            urls["postgresql"] = f"postgresql://postgres@/bench?host={socket}"
        for url in urls.values():
            migrate.upgrade(url, "services.accounts")
        yield urls


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    shapes = [(BATCH, 1), (BATCH, 100), (BATCH, 1_000)]
    with (
        tempfile.TemporaryDirectory() as name,
        database_urls(Path(name)) as urls,
    ):
        for kind, url in urls.items():
            found = asyncio.run(measured(url, Path(name), shapes, options.rounds))
            for size, accounts in shapes:
                shape = f"{size} {accounts}"
                what = f"{kind}, batches of {size} over {accounts} accounts"
                ours, plain = found[shape], found[f"plain {shape}"]
                rate = summary([size / each.seconds for each in ours])
                goal = GOALS.get((kind, size, accounts), "")
                say(f"recorded on {what}", rate, "activities/s", goal)
                pairs = list(zip(ours, plain, strict=True))
                share = summary(
                    [theirs.seconds / mine.seconds for mine, theirs in pairs]
                )
                goal = SHARES.get((kind, size, accounts), "")
                say(f"of plain inserts on {what}", share, "ratio", goal)
                if kind == "sqlite":  # all of it, caller included, is this process
                    cpu = summary([each.cpu / size * 1e6 for each in ours])
                    say(f"CPU of server and caller on {what}", cpu, "us/activity")
                    times = summary([mine.cpu / theirs.cpu for mine, theirs in pairs])
                    say(f"CPU of plain inserts on {what}", times, "times")


if __name__ == "__main__":
    main()
