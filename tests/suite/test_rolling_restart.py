"""Every replica is replaced under load: no call fails, nothing is lost."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from services.client.methods import repeatable
from services.runtime import migrate
from services.runtime.client import RemoteStub, connect
from services.runtime.errors import ServiceError
from tests.suite.processes import Process, free_ports
from truepen.accounts.v1 import (
    accounts_service_pb2,
    accounts_service_pb2_grpc,
    activities_pb2,
)
from truepen.policy.v1 import enforcement_service_pb2, enforcement_service_pb2_grpc

REPEATED = repeatable(
    [accounts_service_pb2.DESCRIPTOR, enforcement_service_pb2.DESCRIPTOR]
)
"""What callers in Python repeat where a server is unavailable."""
READY_SECONDS = 6.0
SERVICES = ("detector", "accounts", "policy")
PEOPLE = [f"accounts/p{number}" for number in range(8)]
TEXT = "今天第{}次去爬山，风很大，吹得帽子都飞了，还好捡回来了，回家路上买了烤红薯。"
SECONDS = 20
"""What a call may take on a machine that starts processes meanwhile."""


class Fleet:
    """Two replicas of each service on one database, each on a port of its own."""

    def __init__(self, folder: Path, postgres_socket: Path) -> None:
        self._ports = {service: free_ports(2) for service in SERVICES}
        self._urls = databases(postgres_socket)
        self._folder = folder
        self.replicas: dict[tuple[str, int], Process] = {}
        self.stopped: list[tuple[Process, int]] = []

    def target(self, service: str) -> str:
        """All replicas of *service*, as a resolver would name them."""
        return "ipv4:" + ",".join(f"127.0.0.1:{p}" for p in self._ports[service])

    async def start(self, service: str, number: int) -> None:
        """Start one replica; return once it serves."""
        one = Process(
            service,
            {
                "TRUEPEN_PORT": str(self._ports[service][number]),
                "TRUEPEN_DATA_DIR": str(self._folder / service),
                "TRUEPEN_TOKEN_KEY": "the same in every replica",
                "TRUEPEN_ADMISSION": "true",  # as it ships
                **self._settings(service),
            },
        )
        self.replicas[service, number] = one
        await one.start()

    async def stop(self, service: str, number: int) -> None:
        """Stop one as a supervisor does; return once it is gone."""
        one = self.replicas.pop((service, number))
        self.stopped.append((one, await one.stop()))

    async def replace(self, service: str, number: int) -> None:
        """Stop one, then start another in its place."""
        await self.stop(service, number)
        await self.start(service, number)

    def _settings(self, service: str) -> dict[str, str]:
        if service == "accounts":
            return {
                "TRUEPEN_ACCOUNTS_DATABASE_URL": self._urls["accounts"],
                "TRUEPEN_ACCOUNTS_DETECTOR_TARGET": self.target("detector"),
                "TRUEPEN_ACCOUNTS_FINGERPRINT_KEY": "the same in every replica",
                "TRUEPEN_ACCOUNTS_SCORE_LEASE_S": "5",
            }
        if service == "policy":
            return {
                "TRUEPEN_POLICY_DATABASE_URL": self._urls["policy"],
                "TRUEPEN_POLICY_ACCOUNTS_TARGET": self.target("accounts"),
                "TRUEPEN_POLICY_LEASE_S": "3",
            }
        return {}


def databases(postgres_socket: Path) -> dict[str, str]:
    """A migrated database for each service that has one."""
    urls = {}
    server = f"host={postgres_socket} user=postgres dbname=postgres"
    with psycopg.connect(server, autocommit=True) as connection:
        for service in ("accounts", "policy"):
            name = f"{service}_{uuid4().hex}"
            connection.execute(f"CREATE DATABASE {name}".encode())
            urls[service] = f"postgresql://postgres@/{name}?host={postgres_socket}"
            migrate.upgrade(urls[service], f"services.{service}")
    return urls


@asynccontextmanager
async def fleet(folder: Path, postgres_socket: Path) -> AsyncIterator[Fleet]:
    one = Fleet(folder, postgres_socket)
    async with AsyncExitStack() as stack:
        for service in SERVICES:
            for number in (0, 1):
                stack.push_async_callback(one.stop, service, number)
        await asyncio.gather(*(one.start(s, n) for s in SERVICES for n in (0, 1)))
        yield one


class Load:
    """Calls at a steady pace, whatever becomes of those before."""

    def __init__(self, accounts: Any, policy: Any) -> None:
        self.accounts = accounts
        self.policy = policy
        self.failures: list[str] = []
        self.recorded: list[str] = []
        self.calls = 0
        self.resumed = 0
        self._number = 0
        self._pending: set[asyncio.Task[None]] = set()
        self._over = asyncio.Event()

    async def run(self) -> None:
        """Call until `end`, then wait for every answer."""
        following = asyncio.create_task(self.follow())
        async with asyncio.TaskGroup() as pace:
            pace.create_task(self._every(0.2, self.review))
            pace.create_task(self._every(0.05, self.read))
            pace.create_task(self._every(0.5, self.record))
        await asyncio.gather(*self._pending)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)

    def end(self) -> None:
        """Begin no more calls."""
        self._over.set()

    async def review(self) -> None:
        """Publish something with a text: all three services take part."""
        one = self._activity(with_text=True)
        await self.policy.ReviewActivity(
            enforcement_service_pb2.ReviewActivityRequest(activity=one), timeout=SECONDS
        )
        self.recorded.append(f"{one.account}/activities/{one.id}")

    async def read(self) -> None:
        """Ask how somebody stands."""
        name = f"{PEOPLE[self.calls % len(PEOPLE)]}/standing"
        await self.policy.GetStanding(
            enforcement_service_pb2.GetStandingRequest(name=name), timeout=SECONDS
        )

    async def record(self) -> None:
        """Send a batch without texts."""
        batch = [self._activity(with_text=False) for _ in range(20)]
        answer = await self.accounts.RecordActivities(
            accounts_service_pb2.RecordActivitiesRequest(activities=batch),
            timeout=SECONDS,
        )
        for one, result in zip(batch, answer.results, strict=True):
            if result.HasField("recorded"):
                self.recorded.append(f"{one.account}/activities/{one.id}")
            else:
                self.failures.append(f"activity refused: {result.error}")

    async def follow(self) -> None:
        """Follow standings; where a stream ends, go on from its cursor."""
        cursor = ""
        while True:
            request = enforcement_service_pb2.WatchStandingsRequest(cursor=cursor)
            try:
                async for answer in self.policy.WatchStandings(request):
                    cursor = answer.cursor
            except ServiceError as error:
                self.failures.append(f"WatchStandings: {error!r}")
                await asyncio.sleep(0.2)
            self.resumed += 1

    async def _every(self, seconds: float, call: Callable[[], Awaitable[None]]) -> None:
        while not self._over.is_set():
            task = asyncio.create_task(self._counted(call))
            self._pending.add(task)
            task.add_done_callback(self._pending.discard)
            await asyncio.sleep(seconds)

    async def _counted(self, call: Callable[[], Awaitable[None]]) -> None:
        self.calls += 1
        try:
            await call()
        except ServiceError as error:
            self.failures.append(f"{call.__name__}: {error!r} {error.__cause__!r}")

    def _activity(self, *, with_text: bool) -> activities_pb2.Activity:
        self._number += 1
        one = activities_pb2.Activity(
            id=f"a{self._number}",
            account=PEOPLE[self._number % len(PEOPLE)],
            type=activities_pb2.ACTIVITY_TYPE_NOTE,
            text=TEXT.format(self._number) if with_text else "",
        )
        one.event_time.FromDatetime(datetime.now(UTC))
        return one


async def kept(accounts: Any, account: str) -> list[Any]:
    """All activities of *account* that accounts knows."""
    found: list[Any] = []
    token = ""
    while True:
        page = await accounts.ListActivities(
            accounts_service_pb2.ListActivitiesRequest(
                parent=account, page_size=1000, page_token=token
            )
        )
        found += page.activities
        token = page.next_page_token
        if not token:
            return found


async def scored(accounts: Any) -> None:
    """Return once no text waits."""
    async with asyncio.timeout(60):
        for account in PEOPLE:
            while await waiting(accounts, account):  # noqa: ASYNC110  # others change it
                await asyncio.sleep(0.1)


async def waiting(accounts: Any, account: str) -> int:
    """How many texts of *account* have no score."""
    request = accounts_service_pb2.GetProfileRequest(name=f"{account}/profile")
    return int((await accounts.GetProfile(request)).profile.pending_text_count)


@pytest.mark.soak
async def test_replacing_every_replica_under_load_fails_no_call_and_loses_nothing(
    tmp_path: Path, postgres_socket: Path
) -> None:
    async with (
        fleet(tmp_path, postgres_socket) as running,
        connect(running.target("accounts"), REPEATED) as to_accounts,
        connect(running.target("policy"), REPEATED) as to_policy,
    ):
        accounts = RemoteStub(
            accounts_service_pb2_grpc.AccountsServiceStub(to_accounts)
        )
        policy = RemoteStub(
            enforcement_service_pb2_grpc.EnforcementServiceStub(to_policy)
        )
        load = Load(accounts, policy)
        loading = asyncio.create_task(load.run())
        for number in (0, 1):  # the first replica of each service, then the second
            await asyncio.gather(*(running.replace(s, number) for s in SERVICES))
            # Callers try an address again after 5 s at most; so the chart waits 10.
            await asyncio.sleep(READY_SECONDS)
        load.end()
        await loading
        assert load.failures == []
        await scored(accounts)
        known = {account: await kept(accounts, account) for account in PEOPLE}

    sys.stdout.write(f"{load.calls} calls, {len(load.recorded)} activities\n")
    assert load.calls > 200
    assert load.resumed >= 1  # the follower was on a replica that stopped
    ids = [one.name for found in known.values() for one in found]
    assert len(ids) == len(set(ids))
    assert set(load.recorded) - set(ids) == set()
    assert [code for _, code in running.stopped] == [0] * len(running.stopped)
    for one, _ in running.stopped:
        assert [line for line in one.lines if line["event"] == "unhandled"] == []
