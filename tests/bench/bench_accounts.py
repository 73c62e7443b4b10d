"""How fast activities are recorded: `python -m tests.bench.bench_accounts`.

RecordActivities over gRPC on a real port, batches of 1,000 without text, each
batch over 1, 100 or 1,000 accounts, against plain SQLAlchemy-core inserts of
rows of the same size in the same run. `--postgres` starts a server for it.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import uuid4

import psycopg
from sqlalchemy import Connection, insert

from services.accounts.storage.activities import ACTIVITIES
from services.runtime import migrate
from services.runtime.database import Database
from tests import postgres
from tests.accounts.serving import accounts_running
from tests.conftest import serving
from truepen.accounts.v1 import accounts_service_pb2 as pb
from truepen.accounts.v1 import accounts_service_pb2_grpc as pb_grpc
from truepen.accounts.v1 import activities_pb2

BATCH = 1_000
STARTS = int(datetime(2026, 10, 1, tzinfo=UTC).timestamp())


def batches(count: int, accounts: int, prefix: str) -> list[pb.RecordActivitiesRequest]:
    """Requests of `BATCH` activities, each over *accounts*, none twice."""
    made = []
    for number in range(count):
        request = pb.RecordActivitiesRequest()
        for index in range(BATCH):
            place = number * BATCH + index
            activity = request.activities.add(
                id=f"{prefix}-{place}",
                account=f"accounts/{prefix}-{index % accounts}",
                type=1 + place % 4,
                text_length=40,
                target=activities_pb2.Target(content=f"c{place % 97}"),
            )
            activity.event_time.seconds = STARTS + place * 7
        made.append(request)
    return made


async def recorded(url: str, folder: Path, count: int, accounts: int) -> list[float]:
    """Seconds of each batch over gRPC, then a profile that sees them all."""
    seconds = []
    prefix = uuid4().hex[:8]
    requests = batches(count, accounts, prefix)
    async with accounts_running(folder, url, durable=True) as running:
        add = pb_grpc.add_AccountsServiceServicer_to_server
        async with serving(add, running.parts.servicer) as channel:
            stub = pb_grpc.AccountsServiceStub(channel)
            for request in requests:
                began = time.perf_counter()
                answer = await stub.RecordActivities(request)
                seconds.append(time.perf_counter() - began)
                assert all(result.HasField("recorded") for result in answer.results)
            name = f"accounts/{prefix}-0/profile"
            read = await stub.GetProfile(pb.GetProfileRequest(name=name))
            assert read.profile.activity_count == count * BATCH // accounts
    return seconds


def put(connection: Connection, rows: list[dict[str, object]]) -> None:
    """Insert *rows* as SQLAlchemy core does."""
    connection.execute(insert(ACTIVITIES), rows)


def plain(url: str, count: int) -> list[float]:
    """Seconds of each batch of plain inserts into the same table."""
    database = Database(url)
    seconds = []
    for number in range(count):
        rows: list[dict[str, object]] = [
            {
                "account": f"plain-{index % 100}",
                "id": f"{uuid4().hex[:8]}-{number}-{index}",
                "event_us": index,
                "record_us": index,
                "revision": 1,
                "score_state": 1,
                "digest": b"d" * 16,
                "facts": b"f" * 70,
                "text_length": 40,
                "fingerprint": None,
            }
            for index in range(BATCH)
        ]
        began = time.perf_counter()
        database.write_sync(partial(put, rows=rows))
        seconds.append(time.perf_counter() - began)
    database.close()
    return seconds


@contextmanager
def database_url(folder: Path, *, on_postgres: bool) -> Iterator[str]:
    """A migrated database."""
    if not on_postgres:
        url = f"sqlite:///{folder}/bench.db"
        migrate.upgrade(url, "services.accounts")
        yield url
        return
    with postgres.running() as socket:
        server = f"host={socket} user=postgres dbname=postgres"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("CREATE DATABASE bench")
        url = f"postgresql://postgres@/bench?host={socket}"
        migrate.upgrade(url, "services.accounts")
        yield url


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=30)
    parser.add_argument("--postgres", action="store_true")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as name,
        database_url(Path(name), on_postgres=options.postgres) as url,
    ):
        reference = statistics.median(plain(url, options.batches))
        for accounts in (1, 100, 1_000):
            run = recorded(url, Path(name), options.batches, accounts)
            median = statistics.median(asyncio.run(run))
            line = {
                "database": "postgresql" if options.postgres else "sqlite",
                "accounts_per_batch": accounts,
                "activities_per_s": round(BATCH / median),
                "plain_rows_per_s": round(BATCH / reference),
                "share_of_plain": round(reference / median, 3),
            }
            sys.stdout.write(json.dumps(line) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
