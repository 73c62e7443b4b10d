"""Three processes on PostgreSQL, each killed at random while activities pour in."""

import asyncio
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import psycopg
import pytest

from services.accounts.convert.activities import remembered
from services.accounts.profiles import Profiles
from services.cli.stories import PHONE, TOOL
from services.cli.verify import accounts as accounts_with_log
from services.cli.verify import verified
from services.policy.storage.cursors import stored
from services.runtime import migrate
from services.runtime.clock import SystemClock
from services.runtime.database import Database
from tests.suite.processes import Process, free_ports
from truepen.accounts.v1 import accounts_service_pb2 as pb
from truepen.accounts.v1 import accounts_service_pb2_grpc, activities_pb2

ACCOUNTS = 40
TOOLS = 8
"""So many of the accounts are run by a hosting tool, and get banned."""
BATCH = 50
BEFORE_EACH_KILL = 500
SENDERS = 3
START = datetime.now(UTC).replace(microsecond=0) - timedelta(days=20)
QUIET_SECONDS = 120


def service(name: str, folder: Path, port: int, **environment: str) -> Process:
    """A service that starts on the same port after each kill."""
    own = {"TRUEPEN_PORT": str(port), "TRUEPEN_DATA_DIR": str(folder / name)}
    return Process(name, {**own, **environment})


@asynccontextmanager
async def three(
    folder: Path, ports: list[int], urls: dict[str, str]
) -> AsyncIterator[list[Process]]:
    """Detector, accounts and policy, each a process, on *ports*."""
    detector = service("detector", folder, ports[0])
    accounts = service(
        "accounts",
        folder,
        ports[1],
        TRUEPEN_ACCOUNTS_DETECTOR_TARGET=f"127.0.0.1:{ports[0]}",
        TRUEPEN_ACCOUNTS_DATABASE_URL=urls["accounts"],
        TRUEPEN_ACCOUNTS_EFFECTIVE_TIME=(START - timedelta(days=1)).isoformat(),
        TRUEPEN_ACCOUNTS_FINGERPRINT_KEY="a key that is for tests",
        TRUEPEN_ACCOUNTS_SCORE_LEASE_S="2",
    )
    policy = service(
        "policy",
        folder,
        ports[2],
        TRUEPEN_POLICY_ACCOUNTS_TARGET=f"127.0.0.1:{ports[1]}",
        TRUEPEN_POLICY_DATABASE_URL=urls["policy"],
        TRUEPEN_POLICY_EFFECTIVE_TIME=(START - timedelta(days=1)).isoformat(),
        TRUEPEN_POLICY_DEBOUNCE_S="0.2",
        TRUEPEN_POLICY_LEASE_S="1",
    )
    processes = [detector, accounts, policy]
    try:
        await asyncio.gather(*(process.start() for process in processes))
        yield processes
    finally:
        for process in processes:
            process.kill()
        await asyncio.gather(*(process.stop() for process in processes))


def activity(number: int) -> activities_pb2.Activity:
    """What happens as thing number *number*: the same whenever it is sent."""
    account, thing = number % ACCOUNTS, number // ACCOUNTS
    client = TOOL if account < TOOLS else PHONE
    kinds = (activities_pb2.ACTIVITY_TYPE_LIKE, activities_pb2.ACTIVITY_TYPE_NOTE)
    made = activities_pb2.Activity(
        id=f"n{thing}",
        account=f"accounts/a{account}",
        type=kinds[thing % 2],
        composed_with=client,
        published_with=client,
    )
    if thing == 0 and account < TOOLS:
        made.type = activities_pb2.ACTIVITY_TYPE_REGISTER
    elif made.type == activities_pb2.ACTIVITY_TYPE_NOTE and number % 29 == 0:
        made.text = f"Tea in the rain, number {number}, and bread afterwards."
    made.event_time.FromDatetime(START + timedelta(minutes=thing, seconds=account))
    return made


class Load:
    """Sends batch after batch, each again until it is acknowledged."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._next = 0
        self.acknowledged: set[int] = set()
        self.duplicates = 0
        self.failures: Counter[str] = Counter()

    async def send(self) -> None:
        """Send until cancelled."""
        async with grpc.aio.insecure_channel(f"127.0.0.1:{self._port}") as channel:
            stub: Any = accounts_service_pb2_grpc.AccountsServiceStub(channel)
            while True:
                first = self._next
                self._next += BATCH
                await self._until_acknowledged(stub, range(first, first + BATCH))

    async def _until_acknowledged(self, stub: Any, numbers: range) -> None:
        request = pb.RecordActivitiesRequest(activities=map(activity, numbers))
        while True:
            try:
                answer = await stub.RecordActivities(request, timeout=10)
            except grpc.aio.AioRpcError as error:
                self.failures[error.code().name] += 1
                await asyncio.sleep(0.1)
                continue
            assert all(result.HasField("recorded") for result in answer.results)
            self.duplicates += sum(r.recorded.duplicate for r in answer.results)
            self.acknowledged.update(numbers)
            return

    async def reach(self, goal: int) -> None:
        """Wait until so many activities are acknowledged."""
        async with asyncio.timeout(QUIET_SECONDS):
            while len(self.acknowledged) < goal:  # noqa: ASYNC110  # others count
                await asyncio.sleep(0.01)


async def killed_at_random(
    processes: list[Process], load: Load, kills: int
) -> Counter[str]:
    """Kill one of them *kills* times, each time under load; how often which."""
    chance, killed = random.Random(kills), Counter[str]()
    async with asyncio.TaskGroup() as tasks:
        senders = [tasks.create_task(load.send()) for _ in range(SENDERS)]
        for number in range(kills):
            await load.reach(len(load.acknowledged) + BEFORE_EACH_KILL)
            await asyncio.sleep(chance.uniform(0, 0.3))
            # Each in turn at first, then any.
            chosen = processes[number] if number < 3 else chance.choice(processes)
            chosen.kill()
            await chosen.stop()
            killed[chosen.service] += 1
            await chosen.start()
        for sender in senders:
            sender.cancel()
    return killed


async def caught_up(accounts: Database, policy: Database, owned: range) -> None:
    """Wait until every text is scored and every hosted account is judged.

    That takes as long as it takes; standing still is what must not happen.
    """

    def waiting(tx: Any) -> int:
        return int(tx.exec_driver_sql("SELECT count(*) FROM pending_texts").scalar())

    def decided(tx: Any) -> int:
        return int(
            tx.exec_driver_sql("SELECT count(DISTINCT account) FROM decisions").scalar()
        )

    clock, left, moved = asyncio.get_running_loop().time, (0, 0), 0.0
    while True:
        unjudged = len(owned) - await policy.read(decided)
        now = (unjudged, await accounts.read(waiting))
        if now == (0, 0):
            return
        if now != left:
            left, moved = now, clock()
        told = "{} accounts not judged, {} texts not scored, nothing moves"
        assert clock() - moved < QUIET_SECONDS, told.format(*left)
        await asyncio.sleep(0.2)


async def check_accounts(database: Database, acknowledged: set[int]) -> int:
    """Every acknowledged activity once, every profile what its log adds up to."""

    def names(tx: Any) -> list[str]:
        rows = tx.exec_driver_sql("SELECT account, id FROM activities")
        return [f"{account}/{activity}" for account, activity in rows]

    kept = Counter(await database.read(names))
    sent = {f"a{n % ACCOUNTS}/n{n // ACCOUNTS}" for n in acknowledged}
    assert sent <= kept.keys()
    assert set(kept.values()) == {1}
    profiles = Profiles(database, SystemClock(), remembered)
    for number in range(ACCOUNTS):
        assert (await profiles.rebuild(f"a{number}")).same
    reads = await profiles.get_many([f"a{n}" for n in range(ACCOUNTS)])
    assert sum(read.profile.activity_count for read in reads if read) == len(kept)
    return len(kept)


async def check_policy(database: Database) -> tuple[int, str]:
    """Every finding decided once, every log intact; decisions and the cursor."""

    def read(tx: Any) -> tuple[int, str]:
        for account in accounts_with_log(tx):
            assert verified(tx, account)
        rows = list(
            tx.exec_driver_sql(
                "SELECT account, evidence, ruleset_digest FROM decisions"
            )
        )
        assert len(rows) == len(set(map(tuple, rows)))
        doubled = tx.exec_driver_sql(
            "SELECT key FROM notices GROUP BY account, key HAVING count(*) > 1"
        )
        assert not list(doubled)
        return len(rows), stored(tx, "profiles:0/1")

    return await database.read(read)


def migrated(socket: Path, folder: Path) -> dict[str, str]:
    """Make a database for each service, at its newest schema."""
    urls = {}
    for service in ("accounts", "policy"):
        name = f"{service}_{folder.name.replace('-', '_')}"
        server = f"host={socket} user=postgres dbname=postgres"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        urls[service] = f"postgresql://postgres@/{name}?host={socket}"
        migrate.upgrade(urls[service], f"services.{service}")
    return urls


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(4, marks=pytest.mark.slow),
        pytest.param(60, marks=pytest.mark.soak),
    ],
)
async def test_kills_of_any_process_lose_and_double_nothing(
    tmp_path: Path, postgres_socket: Path, kills: int
) -> None:
    urls = migrated(postgres_socket, tmp_path)
    ports = free_ports(3)
    accounts, policy = Database(urls["accounts"]), Database(urls["policy"])
    async with three(tmp_path, ports, urls) as processes:
        load = Load(ports[1])
        killed = await killed_at_random(processes, load, kills)
        await caught_up(accounts, policy, range(TOOLS))
    kept = await check_accounts(accounts, load.acknowledged)
    decided, cursor = await check_policy(policy)
    for database in (accounts, policy):
        database.close()
    sys.stderr.write(
        f"killed {dict(killed)}; {len(load.acknowledged)} acknowledged, {kept} kept, "
        f"{load.duplicates} sent again and known; {decided} decisions; "
        f"failures {dict(load.failures)}\n"
    )

    assert len(load.acknowledged) >= kills * BEFORE_EACH_KILL
    assert decided >= TOOLS
    assert cursor
