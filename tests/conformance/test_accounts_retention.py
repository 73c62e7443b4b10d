"""Retention, on SQLite and on PostgreSQL alike: the log shrinks, profiles stay."""

import json
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from services.accounts.convert.activities import remembered
from services.accounts.domain.evidence import Cohorts
from services.accounts.domain.times import to_us
from services.accounts.pruning import Pruning
from services.accounts.storage import activities, bases, profiles, reading, references
from services.accounts.storage.bases import HistoryPruned
from services.accounts.storage.references import Finding, Version
from services.runtime import migrate
from services.runtime.database import Database
from tests.accounts.serving import NOW, Running, Words, accounts_running, an_activity
from tests.cli.hosted import run
from truepen.accounts.v1 import accounts_service_pb2 as pb
from truepen.accounts.v1 import activities_pb2

DAY = 24


@pytest.fixture
def migrated_url(database_url: str) -> str:
    migrate.upgrade(database_url, "services.accounts")
    return database_url


def a_life(random: Random, count: int = 120) -> list[Any]:
    """Notes, edits of them, and likes, over ten months, in any order."""
    made = []
    for number in range(count):
        hours = random.uniform(1, 300 * DAY)
        kind = random.choice(("note", "edit", "like"))
        if kind == "edit":
            made.append(
                an_activity(
                    f"e{number}",
                    hours_ago=hours,
                    type=activities_pb2.ACTIVITY_TYPE_EDIT,
                    text=random.choice(("better words", "robot words", "")),
                    target=activities_pb2.Target(content=f"n{random.randrange(count)}"),
                )
            )
        elif kind == "note":
            made.append(
                an_activity(
                    f"n{number}",
                    hours_ago=hours,
                    text=f"{random.choice(('robot', 'my own'))} words {number}",
                    published_with=activities_pb2.Client(
                        device_hash=f"phone{random.randrange(12)}"
                    ),
                )
            )
        else:
            made.append(
                an_activity(
                    f"l{number}",
                    hours_ago=hours,
                    type=activities_pb2.ACTIVITY_TYPE_LIKE,
                )
            )
    random.shuffle(made)
    return made


async def recorded(running: Running, made: list[Any]) -> None:
    await running.accounts.RecordActivities(
        pb.RecordActivitiesRequest(activities=made, wait=pb.WAIT_MODE_ASSESSED),
        timeout=30,
    )


async def as_of(running: Running, days_ago: float) -> Any:
    request = pb.GetProfileRequest(name="accounts/a1/profile")
    request.as_of_time.FromDatetime(NOW - timedelta(days=days_ago))
    return (await running.accounts.GetProfile(request)).profile


async def pruned(pruning: Pruning, before_us: int) -> list[int]:
    return [
        count
        for account in await pruning.due(before_us)
        async for count in pruning.prune(account, before_us)
    ]


async def test_profiles_stay_byte_for_byte_when_the_log_shrinks(
    migrated_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.accounts.pruning.BATCH", 25)
    database = Database(migrated_url, durable=False)
    pruning = Pruning(database, remembered)
    cutoff = to_us(NOW - timedelta(days=100))
    async with accounts_running(tmp_path, migrated_url) as running:
        await recorded(running, a_life(Random(7)))
        state = (await database.read(lambda tx: profiles.profile(tx, "a1"))).state
        before = await as_of(running, 50)
        due = await pruning.due(cutoff)

        oldest = await database.read(lambda tx: activities.history(tx, "a1"))
        gone = next(entry.id for entry in oldest if entry.id.startswith("n"))
        steps = await pruned(pruning, cutoff)
        again = await pruned(pruning, cutoff)
        # Some of what was let go is edited later: folded on top, either way.
        edit = an_activity(
            "late",
            type=activities_pb2.ACTIVITY_TYPE_EDIT,
            text="robot words, late",
            target=activities_pb2.Target(content=gone),
        )
        await recorded(running, [edit])

        kept = await database.read(lambda tx: activities.history(tx, "a1"))
        same = await database.read(
            lambda tx: reading.is_reproduced(tx, "a1", remembered)
        )
        after = await as_of(running, 50)
        with pytest.raises(HistoryPruned) as refused:
            await as_of(running, 200)
        erased = await running.accounts.EraseAccount(
            pb.EraseAccountRequest(name="accounts/a1", reason="asked")
        )
        base = await database.read(lambda tx: bases.of_account(tx, "a1"))
    database.close()

    assert sum(steps) == sum(due.values()) > 50
    assert max(steps) <= 25
    assert again == []
    assert all(entry.event_us >= cutoff for entry in kept)
    assert len(state) > 1_000
    assert same
    before.revision = after.revision
    assert after == before
    assert refused.value.kind == "OUT_OF_RANGE"
    assert erased.activity_count == len(kept)
    assert base == b""


async def test_texts_that_wait_are_kept_whatever_their_age(
    migrated_url: str, tmp_path: Path
) -> None:
    words = Words()
    words.away = True
    database = Database(migrated_url, durable=False)
    async with accounts_running(tmp_path, migrated_url, words) as running:
        old = an_activity("old", hours_ago=200 * DAY, text="still to be scored")
        await running.accounts.RecordActivities(
            pb.RecordActivitiesRequest(activities=[old])
        )
        due = await Pruning(database, remembered).due(to_us(NOW))
    database.close()

    assert due == {}


async def test_versions_that_no_profile_takes_any_more_are_dropped(
    migrated_url: str,
) -> None:
    database = Database(migrated_url, durable=False)
    for version_us in (10, 20, 30, 40):
        found = {"a": Finding(cohorts=Cohorts(version_us, 0))}

        def publish(tx: Any, at: int = version_us, found: Any = found) -> None:
            references.add(tx, at, found)
            references.publish(tx, Version(at, b"", 1, 1, 0, 0.0, 0))

        await database.write(publish)

    await Pruning(database, remembered).forget_versions(35)
    as_of_35 = await database.read(lambda tx: references.attached(tx, ["a"], 35))
    as_of_now = await database.read(lambda tx: references.attached(tx, ["a"]))
    as_of_29 = await database.read(lambda tx: references.attached(tx, ["a"], 29))
    database.close()

    assert as_of_35.findings["a"].cohorts.devices == 30
    assert as_of_now.findings["a"].cohorts.devices == 40
    assert as_of_29.version_us == 0


async def test_the_command_counts_first_and_then_prunes(tmp_path: Path) -> None:
    # The command goes by the machine's clock, and these are of long ago.
    async with accounts_running(tmp_path) as running:
        await recorded(running, a_life(Random(8), 30))
    folder = ("--data-dir", str(tmp_path))

    counted = json.loads((await run("prune", "--dry-run", *folder)).stdout)
    pruned = json.loads((await run("prune", "--days", "90", *folder)).stdout)
    again = json.loads((await run("prune", "--days", "90", *folder)).stdout)
    rebuilt = json.loads((await run("rebuild", *folder)).stdout)
    short = await run("prune", "--days", "30", *folder)

    assert counted["dry_run"] is True
    assert pruned["activities"] >= counted["activities"]
    assert pruned["activities"] > 0
    assert again["activities"] == 0
    assert rebuilt == {"accounts": 1, "different": 0}
    assert short.exit_code == 2
