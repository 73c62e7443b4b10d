"""What accounts asks of a database, on SQLite and on PostgreSQL alike."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from services.accounts.arrivals import Arrival
from services.accounts.convert.activities import Reader, remembered
from services.accounts.domain.times import to_us
from services.accounts.storage import feed, gauges, ingest, profiles, reading, texts
from services.accounts.storage.ingest import Terms
from services.accounts.storage.rows import METADATA
from services.runtime import migrate
from services.runtime.database import Database
from services.runtime.errors import WriteConflict
from tests.accounts.serving import NOW, accounts_running, an_activity
from truepen.accounts.v1 import accounts_service_pb2 as pb
from truepen.accounts.v1 import reports_service_pb2 as reports_pb

READER = Reader(b"k" * 32)
PACKAGE = "services.accounts"


@pytest.fixture
def migrated_url(database_url: str) -> str:
    migrate.upgrade(database_url, PACKAGE)
    return database_url


@pytest.fixture
def log(migrated_url: str, database: Database) -> Database:
    return database


def arrived(*messages: Any) -> list[Arrival]:
    return [READER.arrival(message, "activity", to_us(NOW)) for message in messages]


def test_the_migrated_schema_is_that_of_the_rows(migrated_url: str) -> None:
    assert migrate.drift(migrated_url, PACKAGE, METADATA) == []


def test_a_batch_is_kept_whole_or_not_at_all(log: Database) -> None:
    def broken(tx: Any) -> None:
        ingest.record(tx, arrived(an_activity(text="words")), Terms(0, 0))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        log.write_sync(broken)

    assert log.read_sync(lambda tx: profiles.profiles(tx, ["a1"])) == {}
    assert log.read_sync(gauges.backlog).waiting == 0


def test_a_mixed_batch_tells_new_from_known(log: Database) -> None:
    log.write_sync(lambda tx: ingest.record(tx, arrived(an_activity()), Terms(0, 0)))
    batch = arrived(an_activity(), an_activity("n2"), an_activity(hours_ago=9))

    found = log.write_sync(lambda tx: ingest.record(tx, batch, Terms(0, 0)))

    assert [(r.duplicate, r.conflict) for r in found] == [
        (True, False),
        (False, False),
        (False, True),
    ]
    assert [r.revision for r in found] == [1, 2, 1]


def test_the_log_adds_up_to_the_state(log: Database) -> None:
    for number in range(5):
        batch = arrived(an_activity(f"n{number}", hours_ago=9 - number, text="mine"))
        log.write_sync(partial(ingest.record, arrivals=batch, terms=Terms(0, 0)))

    assert log.read_sync(lambda tx: reading.is_reproduced(tx, "a1", remembered))


def test_texts_with_any_character_are_kept_and_claimed_once(log: Database) -> None:
    batch = arrived(an_activity(text="nul \x00 and 笔 and \U0001f58b"))
    log.write_sync(lambda tx: ingest.record(tx, batch, Terms(0, 10)))

    early = log.write_sync(lambda tx: texts.claim_due(tx, "one", 9, 99, 5))
    mine = log.write_sync(lambda tx: texts.claim_due(tx, "one", 10, 99, 5))
    theirs = log.write_sync(lambda tx: texts.claim_due(tx, "two", 50, 99, 5))
    lapsed = log.write_sync(lambda tx: texts.claim_due(tx, "two", 100, 199, 5))

    assert early == []
    assert [text.text for text in mine] == ["nul \x00 and 笔 and \U0001f58b"]
    assert theirs == []
    assert lapsed == mine


def test_a_log_keeps_its_name_until_it_is_given_another(log: Database) -> None:
    log.write_sync(lambda tx: feed.name_log(tx, "one"))
    log.write_sync(lambda tx: feed.name_log(tx, "two"))
    kept = log.read_sync(feed.log_epoch)
    log.write_sync(lambda tx: feed.rename_log(tx, "three"))

    assert (kept, log.read_sync(feed.log_epoch)) == ("one", "three")


async def write_often(log: Database, writer: int) -> None:
    """Ten batches over a third of twelve accounts; repeated where others won."""
    for number in range(10):
        accounts = range(writer % 3, 12, 3)
        batch = arrived(
            *(an_activity(f"{writer}-{number}", account=f"a{a}") for a in accounts)
        )
        record = partial(ingest.record, arrivals=batch, terms=Terms(0, 0))
        recorded = False
        while not recorded:
            try:
                recorded = bool(await log.write(record))
            except WriteConflict:
                await asyncio.sleep(0.01)


async def test_followers_miss_nothing_while_many_write(log: Database) -> None:
    seen: dict[int, int] = dict.fromkeys(range(feed.PARTITIONS), 0)
    latest: dict[str, int] = {}
    done = asyncio.Event()

    async def follow() -> None:
        while True:
            last = done.is_set()
            for change in await log.read(lambda tx: feed.news(tx, seen, 3)):
                assert change.sequence > seen[change.partition]
                seen[change.partition] = change.sequence
                latest[change.account] = change.revision
            if last:
                break
            await asyncio.sleep(0)
        for change in await log.read(lambda tx: feed.news(tx, seen, 1_000)):
            latest[change.account] = change.revision

    following = asyncio.create_task(follow())
    await asyncio.gather(*(write_often(log, writer) for writer in range(6)))
    done.set()
    await following

    kept = await log.read(lambda tx: profiles.profiles(tx, latest))
    reached = await log.read(lambda tx: feed.sequences(tx, range(feed.PARTITIONS)))
    assert len(latest) == 12
    assert {name: found.revision for name, found in kept.items()} == latest
    assert sum(reached.values()) == sum(latest.values())
    for name in latest:
        assert await log.read(
            partial(reading.is_reproduced, name=name, remember=remembered)
        )


async def test_the_whole_service_runs_on_it(migrated_url: str, tmp_path: Path) -> None:
    async with accounts_running(tmp_path, migrated_url) as running:
        request = pb.RecordActivitiesRequest(
            activities=[an_activity(text="as a robot, \x00 I agree")],
            wait=pb.WAIT_MODE_ASSESSED,
        )
        answer = await running.accounts.RecordActivities(request, timeout=10)
        report = reports_pb.CreateReportRequest(
            target_account="accounts/a1",
            category=reports_pb.REPORT_CATEGORY_AI_CONTENT,
            reporter="accounts/b",
            note="look \x00",
            request_id=str(uuid4()),
        )
        taken = await running.reports.CreateReport(report)
        named = pb.GetProfileRequest(name="accounts/a1/profile")
        profile = (await running.accounts.GetProfile(named)).profile
        exported = [
            part
            async for part in running.accounts.ExportAccount(
                pb.ExportAccountRequest(name="accounts/a1")
            )
        ]
        erased = await running.accounts.EraseAccount(
            pb.EraseAccountRequest(name="accounts/a1", reason="asked")
        )

    assert answer.results[0].recorded.HasField("score")
    assert taken.report.note == "look \x00"
    assert profile.reports.report_count == 1
    assert exported[-1].progress == 1.0
    assert erased.activity_count == 1


async def test_batches_of_one_process_do_not_race_for_the_feed(
    tmp_path: Path, migrated_url: str
) -> None:
    """Each takes nearly every part of it: they wait for their turns instead."""
    with capture_logs() as lines:
        async with accounts_running(tmp_path, migrated_url) as running:
            await asyncio.gather(
                *(
                    running.accounts.RecordActivities(
                        pb.RecordActivitiesRequest(
                            activities=[
                                an_activity(f"{batch}", account=f"a{number}")
                                for number in range(200)
                            ]
                        )
                    )
                    for batch in range(6)
                )
            )
            held = await running.accounts.GetProfile(
                pb.GetProfileRequest(name="accounts/a7/profile")
            )

    assert held.profile.activity_count == 6
    assert [line for line in lines if line["event"] == "write lost a race"] == []
