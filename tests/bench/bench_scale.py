"""What accounts and decisions cost on PostgreSQL: `python -m tests.bench.bench_scale`.

Bytes a row with its indexes, after a vacuum, and CPU time a unit: of this process,
which is server and client at once, and of PostgreSQL's processes. The arithmetic of
docs/scale.md starts from what this prints.
"""

import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from services.cli.stories import PHONE, timestamp
from services.runtime import migrate
from tests import postgres
from tests.suite.hosting import hosted
from tests.suite.running import running, suite_settings
from tests.suite.test_restore import stubs
from truepen.accounts.v1 import accounts_service_pb2 as accounts_pb
from truepen.accounts.v1 import activities_pb2
from truepen.policy.v1 import enforcement_service_pb2 as policy_pb

PEOPLE = 500
ACTS_EACH = 30
DECIDED = 50
STANDINGS = 2_000
BATCH = 1_000
TICKS = os.sysconf("SC_CLK_TCK")
SIZES = """
SELECT relname, pg_total_relation_size(oid)::bigint, pg_indexes_size(oid)::bigint
FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""


def activities() -> Iterator[activities_pb2.Activity]:
    """People who post, comment and like, in the order of time; ids as UUIDs are."""
    chance = random.Random(1)
    begin = datetime.now(UTC) - timedelta(days=30)
    kinds = ("NOTE", "COMMENT", "COMMENT", "LIKE", "LIKE", "LIKE", "LIKE", "FOLLOW")
    for act in range(ACTS_EACH):
        for person in range(PEOPLE):
            kind = chance.choice(kinds)
            seconds = chance.randrange(86_400)
            made = activities_pb2.Activity(
                id=f"{chance.getrandbits(128):032x}",
                account=f"accounts/{person:024x}",
                type=activities_pb2.ActivityType.Value(f"ACTIVITY_TYPE_{kind}"),
                event_time=timestamp(begin + timedelta(days=act, seconds=seconds)),
                text_length=chance.randrange(20, 400) if kind in kinds[:2] else 0,
                published_with=PHONE,
            )
            made.target.content = f"{chance.getrandbits(96):024x}"
            yield made


def server_seconds(folder: Path) -> float:
    """CPU time of every process of the server, those that ended included."""
    main = (folder / "data" / "postmaster.pid").read_text().split()[0]
    total = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[1] == main:
            total += int(fields[11]) + int(fields[12])
        elif stat.parent.name == main:
            total += sum(map(int, fields[11:15]))
    return total / TICKS


@contextmanager
def measured(folder: Path, what: str, units: int) -> Iterator[None]:
    """Print what one of *units* cost."""
    own, its, wall = time.process_time(), server_seconds(folder), time.perf_counter()
    yield
    line = {
        "what": what,
        "units": units,
        "own_us": (time.process_time() - own) / units * 1e6,
        "postgres_us": (server_seconds(folder) - its) / units * 1e6,
        "per_s": units / (time.perf_counter() - wall),
    }
    rounded = {k: round(v, 1) if isinstance(v, float) else v for k, v in line.items()}
    sys.stdout.write(json.dumps(rounded) + "\n")


def sizes(folder: Path, database: str) -> None:
    """Print the bytes a row of each table that has rows."""
    where = f"host={folder} user=postgres dbname={database}"
    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute("VACUUM FULL")
        for name, total, indexes in connection.execute(SIZES).fetchall():
            counted = connection.execute(f"SELECT COUNT(*) FROM {name}".encode())
            rows = (counted.fetchone() or (0,))[0]
            if rows < DECIDED:
                continue
            line = {
                "database": database,
                "table": name,
                "rows": rows,
                "bytes_a_row": round(total / rows),
                "of_which_indexes": round(indexes / rows),
            }
            sys.stdout.write(json.dumps(line) + "\n")


async def record(accounts: Any, acts: list[Any]) -> None:
    for start in range(0, len(acts), BATCH):
        await accounts.RecordActivities(
            accounts_pb.RecordActivitiesRequest(activities=acts[start : start + BATCH]),
            timeout=60,
        )


async def main() -> None:
    with tempfile.TemporaryDirectory() as data, postgres.serving() as server:
        urls = {name: server.create(name) for name in ("accounts", "policy")}
        for name, url in urls.items():
            migrate.upgrade(url, f"services.{name}")
        settings = suite_settings(
            Path(data),
            runtime={"log_level": "error"},
            accounts={"database_url": urls["accounts"]},
            policy={"database_url": urls["policy"], "worker": False},
        )
        folder = server.folder
        async with running(settings) as channel:
            accounts, enforcement, _ = stubs(channel)
            acts = list(activities())
            with measured(folder, "RecordActivities, an activity", len(acts)):
                await record(accounts, acts)
            for n in range(DECIDED):
                await record(accounts, hosted(f"{n:024x}-bot"))
            with measured(folder, "EvaluateAccount that decides", DECIDED):
                for n in range(DECIDED):
                    await enforcement.EvaluateAccount(
                        policy_pb.EvaluateAccountRequest(
                            account=f"accounts/{n:024x}-bot"
                        )
                    )
            with measured(folder, "EvaluateAccount of a person", DECIDED):
                for n in range(DECIDED):
                    await enforcement.EvaluateAccount(
                        policy_pb.EvaluateAccountRequest(account=f"accounts/{n:024x}")
                    )
            for what in ("GetStanding from the database", "GetStanding from memory"):
                count = PEOPLE if "database" in what else STANDINGS
                with measured(folder, what, count):
                    for n in range(count):
                        name = f"accounts/{n % PEOPLE:024x}/standing"
                        await enforcement.GetStanding(
                            policy_pb.GetStandingRequest(name=name)
                        )
        for name in urls:
            sizes(folder, name)


if __name__ == "__main__":
    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    asyncio.run(main())
