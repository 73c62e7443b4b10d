"""Schemas come from revisions, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, text

from services.runtime.database import Database
from services.runtime.migrate import (
    DatabaseAwayError,
    SchemaOutdatedError,
    check,
    drift,
    prepare,
    upgrade,
)

PACKAGE = "tests.runtime.migrated"

metadata = MetaData()
thing = Table(
    "thing",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("size", Integer),
)


def test_an_upgrade_makes_the_schema_current(database_url: str) -> None:
    with pytest.raises(SchemaOutdatedError):
        check(database_url, PACKAGE)

    assert upgrade(database_url, PACKAGE) is None

    check(database_url, PACKAGE)
    assert drift(database_url, PACKAGE, metadata) == []


def test_only_sqlite_is_upgraded_without_being_asked(database_url: str) -> None:
    if database_url.startswith("sqlite"):
        prepare(database_url, PACKAGE)
        check(database_url, PACKAGE)
    else:
        with pytest.raises(SchemaOutdatedError):
            prepare(database_url, PACKAGE)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("no database" * 100)

    with pytest.raises(DatabaseAwayError, match=r"notes\.txt: file is not"):
        check(f"sqlite:///{file}", PACKAGE)


def test_a_schema_of_a_later_release_will_do_and_stays_as_it_is(
    database_url: str,
) -> None:
    upgrade(database_url, PACKAGE)
    later = Database(database_url)
    later.write_sync(
        lambda c: c.execute(text("UPDATE migrated_version SET version_num = '9999'"))
    )
    later.close()

    check(database_url, PACKAGE)
    assert upgrade(database_url, PACKAGE) == "9999"
    assert drift(database_url, PACKAGE, metadata) == []


def test_a_second_upgrade_changes_nothing(database_url: str) -> None:
    upgrade(database_url, PACKAGE)

    assert upgrade(database_url, PACKAGE) == "0002"


def test_replicas_may_upgrade_at_once(database_url: str) -> None:
    with ThreadPoolExecutor(4) as replicas:
        before = list(replicas.map(lambda _: upgrade(database_url, PACKAGE), range(4)))

    assert sorted(map(str, before)) == ["0002", "0002", "0002", "None"]


def test_drift_names_what_the_models_have_and_revisions_lack(sqlite_url: str) -> None:
    upgrade(sqlite_url, PACKAGE)
    wider = MetaData()
    Table("thing", wider, *(Column(n, String(32)) for n in ("name", "size", "colour")))

    found = drift(sqlite_url, PACKAGE, wider)

    assert any(step[0] == "add_column" for step in found)


def test_each_service_has_a_version_table_of_its_own(database_url: str) -> None:
    upgrade(database_url, PACKAGE)

    database = Database(database_url)
    rows = database.read_sync(
        lambda connection: connection.execute(
            text("SELECT version_num FROM migrated_version")
        ).all()
    )
    database.close()
    assert [tuple(row) for row in rows] == [("0002",)]
