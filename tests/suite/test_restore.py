"""Both databases are restored, each to an instant of its own; see docs/backup.md."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest

from services.runtime import migrate
from services.runtime.client import RemoteStub
from services.runtime.errors import CursorEpochChanged, NotFound
from tests import postgres
from tests.cli.hosted import run
from tests.suite.hosting import hosted, liked
from tests.suite.running import running, suite_settings
from truepen.accounts.v1 import accounts_service_pb2 as accounts_pb
from truepen.accounts.v1 import accounts_service_pb2_grpc
from truepen.policy.v1 import (
    enforcement_service_pb2,
    enforcement_service_pb2_grpc,
    notices_service_pb2,
    notices_service_pb2_grpc,
)

pytestmark = pytest.mark.slow
Told = tuple[str, str]
"""What tells a notice from others for good: its decision and its kind."""


@dataclass
class Platform:
    """What the platform keeps: its cursors, and which notices it has sent."""

    accounts: Any
    enforcement: Any
    notices: Any
    sent: set[Told]
    cursor: str = ""

    async def record(self, account: str) -> None:
        request = accounts_pb.RecordActivitiesRequest(activities=hosted(account))
        answer = await self.accounts.RecordActivities(request, timeout=60)
        assert not any(result.HasField("error") for result in answer.results)

    async def receive(self) -> list[Told]:
        """Take what the outbox tells, and return what was not known before."""
        request = notices_service_pb2.WatchNoticesRequest(cursor=self.cursor, once=True)
        new = []
        async for told in self.notices.WatchNotices(request):
            self.cursor = told.cursor
            keys = [(notice.decision, notice.kind) for notice in told.notices]
            new += [key for key in keys if key not in self.sent]
        self.sent.update(new)
        return new

    async def receive_about(self, account: str) -> None:
        """Take what is told until something was told about *account*."""
        async with asyncio.timeout(60):
            while not self.sent_to(account):
                await self.receive()
                await asyncio.sleep(0.05)

    def sent_to(self, account: str) -> set[Told]:
        name = f"accounts/{account}/"
        return {told for told in self.sent if told[0].startswith(name)}

    async def watch_standings(self, cursor: str) -> str:
        request = enforcement_service_pb2.WatchStandingsRequest(
            cursor=cursor, once=True
        )
        async for told in self.enforcement.WatchStandings(request):
            cursor = told.cursor
        return cursor

    async def profile(self, account: str) -> Any:
        request = accounts_pb.GetProfileRequest(name=f"accounts/{account}/profile")
        return (await self.accounts.GetProfile(request)).profile


@pytest.fixture
def server() -> Iterator[postgres.Server]:
    with postgres.serving() as one:
        yield one


@pytest.fixture
def urls(server: postgres.Server, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    made = {name: server.create(name) for name in ("accounts", "policy")}
    for name, url in made.items():
        migrate.upgrade(url, f"services.{name}")
        monkeypatch.setenv(f"TRUEPEN_{name.upper()}_DATABASE_URL", url)
    return made


@asynccontextmanager
async def suite(
    folder: Path, urls: dict[str, str], platform: Any = None
) -> AsyncIterator[Platform]:
    settings = suite_settings(
        folder,
        policy={"database_url": urls["policy"], "debounce_s": 0.1, "sweep_s": 0.5},
        accounts={"database_url": urls["accounts"]},
    )
    async with running(settings) as channel:
        accounts, enforcement, notices = stubs(channel)
        yield Platform(
            accounts,
            enforcement,
            notices,
            sent=set(platform.sent) if platform else set(),
            cursor=platform.cursor if platform else "",
        )


def stubs(channel: grpc.aio.Channel) -> list[Any]:
    return [
        RemoteStub(accounts_service_pb2_grpc.AccountsServiceStub(channel)),
        RemoteStub(enforcement_service_pb2_grpc.EnforcementServiceStub(channel)),
        RemoteStub(notices_service_pb2_grpc.NoticesServiceStub(channel)),
    ]


async def command(*words: str) -> list[dict[str, Any]]:
    """Run `truepen`, which has a loop of its own, and read what it prints."""
    done = await run(*words)
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


async def test_a_restore_to_different_instants_loses_only_what_came_after(
    tmp_path: Path, server: postgres.Server, urls: dict[str, str]
) -> None:
    async with suite(tmp_path, urls) as before:
        await before.record("early")
        await before.record("gone")
        await before.receive_about("early")
        await before.receive_about("gone")
        server.dump("policy", "policy.dump")  # the first instant
        await before.record("between")
        await before.receive_about("between")
        server.dump("accounts", "accounts.dump")  # the second one
        await before.accounts.EraseAccount(
            accounts_pb.EraseAccountRequest(name="accounts/gone", reason="asked")
        )
        await before.record("late")
        await before.receive_about("late")
        standings = await before.watch_standings("")
        changes = await followed(before, "")
        told_before = set(before.sent)

    kept = tmp_path / "erasures.jsonl"
    assert (await command("erasures", "--output", str(kept)))[-1]["erasures"] == 1
    server.restore("policy", "policy.dump")
    server.restore("accounts", "accounts.dump")
    assert (await command("restored", "policy"))[-1]["log_epoch"]
    again = (await command("restored", "accounts", "--erasures", str(kept)))[-1]
    assert again["erased_again"] == 1
    assert (await command("verify-log"))[-1]["intact"]
    assert (await command("rebuild"))[-1]["different"] == 0

    async with suite(tmp_path, urls, before) as after:
        # Whoever followed is told to start over, by each of the feeds.
        with pytest.raises(CursorEpochChanged):
            await after.receive()
        with pytest.raises(CursorEpochChanged):
            await after.watch_standings(standings)
        with pytest.raises(CursorEpochChanged):
            await followed(after, changes)
        # Who was erased after the backup stays erased, also in policy.
        with pytest.raises(NotFound):
            await after.profile("gone")
        await until_erased(after, "gone")
        # What came after the backup of accounts is sent again, and decided again.
        with pytest.raises(NotFound):
            await after.profile("late")
        await after.record("late")
        after.cursor = ""
        new = []
        for account in ("between", "late"):
            await until_decided(after, account)
        new += await after.receive()

        assert new == []  # all of it was sent before, under the same keys
        assert after.sent == told_before
    assert (await command("verify-log"))[-1]["intact"]


async def followed(platform: Platform, cursor: str) -> str:
    """Follow profiles to the end; the cursor to go on after."""
    request = accounts_pb.WatchProfilesRequest(cursor=cursor, once=True)
    async for told in platform.accounts.WatchProfiles(request):
        cursor = told.cursor
    return cursor


async def decisions_of(platform: Platform, account: str) -> int:
    request = enforcement_service_pb2.ListDecisionsRequest(parent=f"accounts/{account}")
    return len((await platform.enforcement.ListDecisions(request)).decisions)


async def until_decided(platform: Platform, account: str) -> None:
    async with asyncio.timeout(60):
        while not await decisions_of(platform, account):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def until_erased(platform: Platform, account: str) -> None:
    async with asyncio.timeout(60):
        while await decisions_of(platform, account):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_accounts_alone_restored_is_followed_from_the_start(
    tmp_path: Path, server: postgres.Server, urls: dict[str, str]
) -> None:
    """Policy's own cursor is ahead then: it must not wait for ever."""
    async with suite(tmp_path, urls) as before:
        await before.record("early")
        await before.receive_about("early")
        server.dump("accounts", "accounts.dump")
        await before.record("late")
        await before.receive_about("late")
    server.restore("accounts", "accounts.dump")
    await command("restored", "accounts")

    async with suite(tmp_path, urls, before) as after:
        await after.record("later_still")
        await after.receive_about("later_still")

        assert after.sent - before.sent == after.sent_to("later_still")
        activity = accounts_pb.RecordActivitiesRequest(activities=[liked("late", 99)])
        await after.accounts.RecordActivities(activity)
        assert (await after.profile("late")).revision == 1
