"""Comparing accounts, on SQLite and on PostgreSQL alike."""

import json
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from services.accounts.comparing import Comparing
from services.accounts.convert.glimpses import glimpsed
from services.accounts.domain.evidence import ChannelKind, ChannelState
from services.accounts.storage import jobs, references
from services.accounts.storage.jobs import LeaseLost
from services.runtime import migrate
from services.runtime.bell import Bell
from services.runtime.database import Database
from tests.accounts.serving import NOW, Running, accounts_running, an_activity
from tests.cli.hosted import run
from tests.clock import FakeClock
from truepen.accounts.v1 import accounts_service_pb2 as pb
from truepen.accounts.v1 import activities_pb2
from truepen.accounts.v1 import reports_service_pb2 as reports_pb

PACKAGE = "services.accounts"
FARM = [f"farm{number}" for number in range(5)]
LIKE = activities_pb2.ACTIVITY_TYPE_LIKE


@pytest.fixture
def migrated_url(database_url: str) -> str:
    migrate.upgrade(database_url, PACKAGE)
    return database_url


def liked(name: str, account: str, hours_ago: float, what: str) -> Any:
    return an_activity(
        name,
        account,
        hours_ago,
        type=LIKE,
        target=activities_pb2.Target(content=what),
        published_with=activities_pb2.Client(device_hash=f"phone of {account[:4]}"),
    )


def farm_and_people() -> list[Any]:
    """A farm that likes to order, and sixty people who like as they please."""
    random = Random(1)
    orders = [(random.uniform(1, 100), f"note{n}") for n in range(24)]
    made = [
        liked(f"f{n}", account, hours - random.uniform(0, 30) / 3600, what)
        for account in FARM
        for n, (hours, what) in enumerate(orders)
    ]
    made += [
        liked(
            f"p{n}", f"p{p:02}", random.uniform(1, 100), f"note{random.randrange(90)}"
        )
        for p in range(60)
        for n in range(22)
    ]
    return made


async def recorded(running: Running, activities: list[Any]) -> None:
    for start in range(0, len(activities), 1_000):
        batch = activities[start : start + 1_000]
        answer = await running.accounts.RecordActivities(
            pb.RecordActivitiesRequest(activities=batch)
        )
        assert all(result.HasField("recorded") for result in answer.results)


async def profile(running: Running, account: str) -> Any:
    request = pb.GetProfileRequest(name=f"accounts/{account}/profile")
    return (await running.accounts.GetProfile(request)).profile


async def told(running: Running, cursor: str = "") -> tuple[set[str], str]:
    """Accounts whose change followers hear of after *cursor*."""
    names: set[str] = set()
    request = pb.WatchProfilesRequest(cursor=cursor, once=True)
    async for answer in running.accounts.WatchProfiles(request):
        names |= {change.account for change in answer.changes}
        cursor = answer.cursor
    return names, cursor


async def test_a_farm_is_found_told_of_and_kept(
    migrated_url: str, tmp_path: Path
) -> None:
    database = Database(migrated_url, durable=False)
    async with accounts_running(tmp_path, migrated_url) as running:
        comparing = Comparing(database, running.clock, glimpsed, Bell())
        await recorded(running, farm_and_people())
        before = await profile(running, "farm0")
        _, cursor = await told(running)

        first = await comparing.compare_now()
        news, cursor = await told(running, cursor)
        found, person = await profile(running, "farm0"), await profile(running, "p00")
        mate = await profile(running, "farm4")
        for reporter in (*FARM[2:], "p01"):
            await running.reports.CreateReport(
                reports_pb.CreateReportRequest(
                    target_account="accounts/p02",
                    category=reports_pb.REPORT_CATEGORY_AI_CONTENT,
                    reporter=f"accounts/{reporter}",
                    note=f"says {reporter}",
                    request_id=str(uuid4()),
                )
            )
        reported = (await profile(running, "p02")).reports
        _, cursor = await told(running, cursor)

        running.clock.advance(timedelta(hours=1))
        second = await comparing.compare_now()
        quiet, _ = await told(running, cursor)
        again = await profile(running, "farm0")
        as_of = pb.GetProfileRequest(name="accounts/farm0/profile")
        as_of.as_of_time.FromDatetime(NOW - timedelta(hours=1))
        earlier = (await running.accounts.GetProfile(as_of)).profile
        await running.accounts.EraseAccount(
            pb.EraseAccountRequest(name="accounts/farm1", reason="asked")
        )
        gone = await database.read(lambda tx: references.findings(tx, ["farm1"], 2**62))
    database.close()

    farm = {f"accounts/{name}" for name in FARM}
    channel = next(c for c in found.channels if c.kind == ChannelKind.COORDINATION)
    assert (before.reference_version, before.cluster) == ("", "")
    assert first is not None
    assert first.summary.cluster_count == 1
    assert farm <= news
    assert channel.state == ChannelState.SPEAKS
    assert channel.log_likelihood_ratio > 1.1
    assert (found.cluster_size, found.device_cohort_size) == (5, 5)
    assert found.revision > before.revision
    [key] = found.device_keys
    assert list(mate.device_keys) == [key] != list(person.device_keys)
    assert len(bytes.fromhex(key)) == 16
    assert person.cluster == ""
    assert not person.HasField("cluster_size")
    assert second is not None
    assert (again.cluster, quiet) == (found.cluster, set())
    assert again.reference_version > found.reference_version
    assert (earlier.reference_version, earlier.cluster) == ("", "")
    assert gone == {}
    assert (reported.report_count, reported.independent_count) == (4, 2)
    assert [s.HasField("percentile") for s in person.signals if s.code == "QUIET_SHARE"]


async def test_coordination_abstains_below_twenty_events(
    migrated_url: str, tmp_path: Path
) -> None:
    few = [
        a for a in farm_and_people() if not a.id.startswith("f") or int(a.id[1:]) < 19
    ]
    database = Database(migrated_url, durable=False)
    async with accounts_running(tmp_path, migrated_url) as running:
        await recorded(running, few)
        await Comparing(database, running.clock, glimpsed, Bell()).compare_now()
        found = await profile(running, "farm0")
    database.close()

    channel = next(c for c in found.channels if c.kind == ChannelKind.COORDINATION)
    assert found.cluster_size == 5
    assert channel.state == ChannelState.ABSTAINS
    assert list(channel.reasons) == ["TOO_FEW_EVENTS"]


async def test_the_command_compares_without_a_suite(tmp_path: Path) -> None:
    async with accounts_running(tmp_path) as running:
        await recorded(running, farm_and_people()[:40])

    done = await run("compare", "--days", "90", "--data-dir", str(tmp_path))
    none = await run("compare", "--data-dir", str(tmp_path / "nowhere"))

    told = json.loads(done.stdout)
    assert {"accounts", "acts", "edges", "null_edges", "clusters"} <= told.keys()
    assert told["clusters"] == 0
    assert none.exit_code == 2


async def test_one_replica_at_a_time_compares(migrated_url: str) -> None:
    database = Database(migrated_url, durable=False)
    await database.write(lambda tx: jobs.schedule(tx, "job", 0))

    one = await database.write(lambda tx: jobs.take(tx, "job", 10, 20, 5))
    other = await database.write(lambda tx: jobs.take(tx, "job", 15, 25, 5))
    lapsed = await database.write(lambda tx: jobs.take(tx, "job", 21, 30, 5))
    assert one is not None
    assert other is None
    assert lapsed is not None
    with pytest.raises(LeaseLost):
        await database.write(lambda tx: jobs.hold(tx, one, 40))
    await database.write(lambda tx: jobs.finish(tx, one, 22, 7))
    await database.write(lambda tx: jobs.finish(tx, lapsed, 22, 8))
    early = await database.write(lambda tx: jobs.take(tx, "job", 25, 30, 5))
    due = await database.write(lambda tx: jobs.take(tx, "job", 27, 30, 5))
    database.close()

    assert early is None
    assert due is not None
    assert due.cursor == 8


async def test_a_search_that_breaks_off_is_begun_anew(
    migrated_url: str, tmp_path: Path
) -> None:
    database = Database(migrated_url, durable=False)

    def broken(facts: bytes) -> Any:
        raise ZeroDivisionError

    await database.write(lambda tx: jobs.schedule(tx, "comparing", 0))
    nothing = Comparing(database, FakeClock(NOW), glimpsed, Bell())
    failing = Comparing(database, FakeClock(NOW), broken, Bell())
    async with accounts_running(tmp_path, migrated_url, compare_every_s=0) as running:
        await recorded(running, farm_and_people()[:5])
    with pytest.raises(ZeroDivisionError):
        await failing.compare_now()
    unpublished = await database.read(references.latest)
    done = await nothing.compare_now()
    database.close()

    assert unpublished == 0
    assert done is not None
