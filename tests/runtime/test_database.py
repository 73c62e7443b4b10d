"""Transactions as services see them, on SQLite and on PostgreSQL."""

import asyncio
import sqlite3
import subprocess
import sys
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from threading import Barrier, Event, current_thread
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    event,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError, IntegrityError

from services.runtime.bulk import BulkInsert
from services.runtime.database import Database, insert, insert_ignore
from services.runtime.errors import DependencyUnavailable, StorageFull, WriteConflict
from services.runtime.pool import Pool

metadata = MetaData()
tally = Table(
    "tally",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("count", Integer, nullable=False),
)
who: ContextVar[str] = ContextVar("who", default="nobody")


@pytest.fixture(autouse=True)
def schema(request: pytest.FixtureRequest) -> None:
    if "database" in request.fixturenames:
        request.getfixturevalue("database").write_sync(metadata.create_all)


def put(connection: Connection, name: str, count: int = 0) -> None:
    connection.execute(tally.insert().values(name=name, count=count))


def counts(connection: Connection) -> dict[str, int]:
    return {
        row.name: row._mapping["count"] for row in connection.execute(select(tally))
    }


def increment(connection: Connection) -> int:
    """Read, then write what was read: wrong unless writes are serializable."""
    seen = counts(connection)["a"]
    connection.execute(tally.update().values(count=seen + 1))
    return seen + 1


async def test_what_was_written_is_read(database: Database) -> None:
    await database.write(lambda connection: put(connection, "a", 3))

    assert await database.read(counts) == {"a": 3}


async def test_rows_in_bulk_leave_or_replace_what_is_there(database: Database) -> None:
    await database.write(lambda connection: put(connection, "a", 1))
    rows = [("a", 5), ("b", 6)]
    new, replacing = BulkInsert(tally), BulkInsert(tally, replace=True)

    added = await database.write(lambda connection: new.run(connection, rows))
    left = await database.read(counts)
    await database.write(lambda connection: replacing.run(connection, rows))

    assert added == 1
    assert left == {"a": 1, "b": 6}
    assert await database.read(counts) == {"a": 5, "b": 6}


async def test_a_write_that_raises_leaves_nothing(database: Database) -> None:
    def fail(connection: Connection) -> None:
        put(connection, "a")
        raise KeyError("oops")

    with pytest.raises(KeyError):
        await database.write(fail)

    assert await database.read(counts) == {}


async def test_concurrent_increments_are_all_counted(database: Database) -> None:
    await database.write(lambda connection: put(connection, "a"))

    seen = await asyncio.gather(*(database.write(increment) for _ in range(8)))

    assert sorted(seen) == list(range(1, 9))
    assert await database.read(counts) == {"a": 8}


async def test_of_writes_made_together_only_the_wrong_one_fails(
    database: Database,
) -> None:
    names = ["a", "b", "a", "c"]

    outcomes = await asyncio.gather(
        *(database.write(partial(put, name=name)) for name in names),
        return_exceptions=True,
    )

    failed = [outcome for outcome in outcomes if outcome is not None]
    assert [type(outcome) for outcome in failed] == [IntegrityError]
    assert set(await database.read(counts)) == {"a", "b", "c"}


async def test_context_variables_reach_the_database_thread(database: Database) -> None:
    who.set("alice")

    wrote = await database.write(lambda _: (who.get(), current_thread().name[:2]))
    read = await database.read(lambda _: who.get())

    assert (wrote, read) == (("alice", "db"), "alice")


async def test_readers_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError, match=r"read-?only"):
        await database.read(lambda connection: put(connection, "a"))


async def test_insert_ignore_counts_the_new(database: Database) -> None:
    rows = [{"name": name, "count": 1} for name in "abc"]

    def add(connection: Connection) -> tuple[int, int, int]:
        return (
            insert_ignore(connection, tally, rows[:2]),
            insert_ignore(connection, tally, rows),
            insert_ignore(connection, tally, []),
        )

    assert await database.write(add) == (2, 1, 0)


async def test_upserts_are_one_statement_on_both(database: Database) -> None:
    def add(connection: Connection) -> None:
        statement = insert(connection, tally)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["name"],
                set_={"count": tally.c.count + statement.excluded.count},
            ),
            [{"name": "a", "count": 2}, {"name": "b", "count": 5}],
        )

    await database.write(add)
    await database.write(add)

    assert await database.read(counts) == {"a": 4, "b": 10}


async def test_a_caller_that_left_before_its_turn_writes_nothing(
    sqlite_url: str,
) -> None:
    database = Database(sqlite_url)
    database.write_sync(metadata.create_all)
    busy, started = Event(), Event()

    def hold(_: Connection) -> bool:
        started.set()
        return busy.wait(5)

    first = asyncio.create_task(database.write(hold))
    await asyncio.to_thread(started.wait, 5)
    second = asyncio.create_task(database.write(lambda c: put(c, "late")))
    await asyncio.sleep(0.01)
    second.cancel()
    await asyncio.wait([second])
    busy.set()
    await first

    assert await database.read(counts) == {}
    database.close()


async def test_waiting_writes_share_one_commit(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    database.write_sync(metadata.create_all)
    busy = Event()
    first = asyncio.create_task(database.write(lambda _: busy.wait(5)))
    await asyncio.sleep(0.02)
    commits: list[Connection] = []
    event.listen(database._writers, "commit", commits.append)
    writes = [database.write(partial(put, name=str(n))) for n in range(20)]
    together = asyncio.gather(*writes)
    await asyncio.sleep(0.02)
    busy.set()
    await asyncio.gather(first, together)

    assert len(commits) == 2
    assert len(await database.read(counts)) == 20
    database.close()


def test_what_was_acknowledged_survives_kill_9(sqlite_url: str, tmp_path: Path) -> None:
    program = """
import os, sys
from services.runtime.database import Database
from tests.runtime.test_database import metadata, put
database = Database(sys.argv[1])
database.write_sync(metadata.create_all)
for n in range(50):
    database.write_sync(lambda connection: put(connection, str(n)))
os.kill(os.getpid(), 9)
"""
    command = [sys.executable, "-c", program, sqlite_url]
    code = subprocess.run(
        command, check=False, cwd=Path(__file__).parents[2]
    ).returncode

    database = Database(sqlite_url)
    assert code == -9
    assert len(database.read_sync(counts)) == 50
    database.close()


async def test_a_lock_held_by_another_process_is_waited_for(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    await database.write(metadata.create_all)
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    write = asyncio.create_task(database.write(lambda c: put(c, "a")))
    await asyncio.sleep(0.05)
    assert not write.done()
    other.execute("COMMIT")
    other.close()

    await write
    assert await database.read(counts) == {"a": 0}
    database.close()


async def test_a_race_lost_each_time_is_a_conflict(postgres_url: str) -> None:
    database = Database(postgres_url)
    lose = text("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$")

    with pytest.raises(WriteConflict):
        await database.write(lambda connection: connection.execute(lose))
    database.close()


async def test_a_database_that_is_away_is_unavailable(tmp_path: Path) -> None:
    database = Database(f"postgresql://postgres@/x?host={tmp_path}")

    with pytest.raises(DependencyUnavailable):
        await database.write(counts)
    with pytest.raises(DependencyUnavailable):
        await database.read(counts)
    database.close()


def test_sqlite_in_memory_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a file"):
        Database("sqlite://")


def show(connection: Connection) -> list[str]:
    names = (
        "statement_timeout",
        "lock_timeout",
        "idle_in_transaction_session_timeout",
        "synchronous_commit",
    )
    return [connection.execute(text(f"SHOW {name}")).scalar_one() for name in names]


async def test_what_the_pool_may_wait_for_reaches_the_server(postgres_url: str) -> None:
    pool = Pool(statement_timeout=1.5, lock_timeout=0.25)
    database = Database(postgres_url, durable=False, pool=pool)

    assert await database.read(show) == ["1500ms", "250ms", "1500ms", "off"]
    database.close()


async def test_a_statement_that_takes_too_long_is_ended(postgres_url: str) -> None:
    database = Database(postgres_url, pool=Pool(statement_timeout=0.5))

    with pytest.raises(DependencyUnavailable):
        await database.read(lambda c: c.execute(text("SELECT pg_sleep(5)")))
    assert await database.read(lambda c: c.execute(text("SELECT 1")).scalar()) == 1
    database.close()


async def test_a_lock_that_is_not_had_in_time_is_a_conflict(postgres_url: str) -> None:
    database = Database(postgres_url, pool=Pool(lock_timeout=0.05))
    await database.write(metadata.create_all)
    lock = text("LOCK TABLE tally IN EXCLUSIVE MODE")
    held, free = Event(), Event()

    def hold(connection: Connection) -> None:
        connection.execute(lock)
        held.set()
        free.wait(5)

    holder = asyncio.create_task(database.write(hold))
    await asyncio.to_thread(held.wait, 5)
    with pytest.raises(WriteConflict):
        await database.write(lambda connection: connection.execute(lock))
    free.set()
    await holder
    database.close()


async def test_a_rush_gets_connections_that_are_given_back(postgres_url: str) -> None:
    database = Database(postgres_url, threads=1, pool=Pool(overflow=2))
    together = Barrier(3)

    await asyncio.gather(*(database.read(lambda _: together.wait(5)) for _ in range(3)))

    kept: Any = database._writers.pool
    assert (kept.size(), kept.checkedin()) == (1, 1)
    database.close()


async def test_a_connection_that_is_old_is_replaced(postgres_url: str) -> None:
    database = Database(postgres_url, threads=1, pool=Pool(recycle=1))
    who_serves = text("SELECT pg_backend_pid()")

    async def pid() -> int:
        return await database.read(lambda c: c.execute(who_serves).scalar_one())

    first, same = await pid(), await pid()
    await asyncio.sleep(1.1)

    assert first == same
    assert await pid() != first
    database.close()


def fill(connection: Connection, name: str) -> None:
    for n in range(200):
        put(connection, f"{name}{n}" + "x" * 4_000)


@pytest.mark.parametrize("together", [1, 3])
async def test_a_full_disk_keeps_nothing_and_needs_no_restart(
    sqlite_url: str, together: int
) -> None:
    database = Database(sqlite_url)
    await database.write(metadata.create_all)
    limit = text("PRAGMA max_page_count=20")
    await database.write(lambda connection: connection.execute(limit))

    outcomes = await asyncio.gather(
        *(database.write(partial(fill, name=str(n))) for n in range(together)),
        return_exceptions=True,
    )
    assert {type(outcome) for outcome in outcomes} == {StorageFull}
    assert await database.read(counts) == {}

    room = text("PRAGMA max_page_count=100000")
    await database.write(lambda connection: connection.execute(room))
    await database.write(partial(fill, name="later"))
    assert len(await database.read(counts)) == 200
    database.close()


async def test_a_small_write_beside_one_that_fills_the_disk_fails_with_it(
    sqlite_url: str,
) -> None:
    database = Database(sqlite_url)
    await database.write(metadata.create_all)
    limit = text("PRAGMA max_page_count=20")
    await database.write(lambda connection: connection.execute(limit))
    busy = Event()
    first = asyncio.create_task(database.write(lambda _: busy.wait(5)))
    await asyncio.sleep(0.02)
    group = [partial(put, name="a"), partial(fill, name="b"), partial(put, name="c")]
    writes = asyncio.gather(*map(database.write, group), return_exceptions=True)
    await asyncio.sleep(0.02)
    busy.set()
    await first

    outcomes = await writes
    kept = {
        name for name, outcome in zip("abc", outcomes, strict=True) if outcome is None
    }
    assert isinstance(outcomes[1], StorageFull)
    assert set(await database.read(counts)) == kept
    database.close()
