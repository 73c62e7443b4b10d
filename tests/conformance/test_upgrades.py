"""The release before runs on the schema of this one, and its data stays."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import (
    Connection,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    delete,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError

from services.accounts.storage.rows import METADATA as ACCOUNTS
from services.policy.storage.rows import METADATA as POLICY
from services.runtime import migrate
from services.runtime.database import insert as insert_here
from tests.conformance.released import PACKAGES, Released, engine_of, released

METADATAS = {"accounts": ACCOUNTS, "policy": POLICY}


def named(one: Released) -> str:
    return f"{one.version}-{one.service}-{one.dialect}"


@pytest.fixture(params=[*released()], ids=named)
def before(request: pytest.FixtureRequest) -> Released:
    one: Released = request.param
    return one


@pytest.fixture
def url(before: Released, request: pytest.FixtureRequest) -> str:
    """An empty database of the kind that *before* is for."""
    kind = "sqlite" if before.dialect == "sqlite" else "postgres"
    found: str = request.getfixturevalue(f"{kind}_url")
    return found


def tables_of(connection: Connection, service: str) -> list[Table]:
    """The tables as they are, without the one that says which revision they are."""
    metadata = MetaData()
    metadata.reflect(connection)
    return [t for t in metadata.sorted_tables if t.name != f"{service}_version"]


def row_of(table: Table, number: int) -> dict[str, Any]:
    """A row with a value in every column, another one for each *number*."""

    def value(column: Any) -> Any:
        if isinstance(column.type, LargeBinary):
            return b"%d" % number
        kind = column.type.python_type
        return kind(number % 2) if kind is bool else kind(number)

    return {column.name: value(column) for column in table.columns}


def keys_of(table: Table) -> Iterator[list[str]]:
    """Every key that an insert may say to be in conflict on."""
    yield [column.name for column in table.primary_key]
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield [column.name for column in constraint.columns]
    for index in table.indexes:
        if index.unique:
            yield [column.name for column in index.columns]


def speak(connection: Connection, table: Table, number: int) -> None:
    """Say of *table*, as a release knew it, all that its code may say."""
    row = row_of(table, number)
    same = [column == row[column.name] for column in table.primary_key]
    connection.execute(insert(table).values(row))
    for key in keys_of(table):
        statement = insert_here(connection, table).values(row)
        connection.execute(statement.on_conflict_do_nothing(index_elements=key))
        connection.execute(
            statement.on_conflict_do_update(index_elements=key, set_=row)
        )
    connection.execute(update(table).where(*same).values(row))
    found = connection.execute(select(table).where(*same)).mappings().one()
    assert dict(found) == row
    connection.execute(delete(table).where(*same))
    connection.execute(insert(table).values(row))


def test_there_is_a_release_to_upgrade_from() -> None:
    assert {(one.service, one.dialect) for one in released()} == {
        (service, dialect)
        for service in PACKAGES
        for dialect in ("sqlite", "postgresql")
    }


def test_an_upgrade_from_a_release_keeps_its_rows(before: Released, url: str) -> None:
    package = PACKAGES[before.service]
    engine = engine_of(url)
    with engine.begin() as connection:
        before.create(connection)
        old = tables_of(connection, before.service)
        for table in old:
            connection.execute(insert(table).values(row_of(table, 1)))

    migrate.upgrade(url, package)

    migrate.check(url, package)
    assert migrate.drift(url, package, METADATAS[before.service]) == []
    with engine.begin() as connection:
        for table in old:
            kept = connection.execute(select(table)).mappings().all()
            assert [dict(row) for row in kept] == [row_of(table, 1)], table.name
    engine.dispose()


def test_a_release_goes_on_while_the_schema_is_that_of_the_next(
    before: Released, url: str
) -> None:
    engine = engine_of(url)
    with engine.begin() as connection:
        before.create(connection)
        old = tables_of(connection, before.service)

    migrate.upgrade(url, PACKAGES[before.service])

    with engine.begin() as connection:
        for table in old:
            speak(connection, table, 2)
    engine.dispose()


@pytest.mark.parametrize(
    "contracted",
    [
        "ALTER TABLE counters RENAME COLUMN value TO number",
        "ALTER TABLE counters DROP COLUMN value",
        "ALTER TABLE counters ADD COLUMN unit VARCHAR NOT NULL",
        "DROP TABLE counters",
        "DROP INDEX notices_by_key",
    ],
)
def test_a_schema_that_shrinks_or_demands_more_would_be_seen(
    postgres_url: str, contracted: str
) -> None:
    one = next(
        r for r in released() if (r.service, r.dialect) == ("policy", "postgresql")
    )
    engine = engine_of(postgres_url)
    with engine.begin() as connection:
        one.create(connection)
        old = [
            t
            for t in tables_of(connection, "policy")
            if t.name in {"counters", "notices"}
        ]
        connection.execute(text(contracted))

    def go_on() -> None:
        with engine.begin() as connection:
            for table in old:
                speak(connection, table, 2)

    with pytest.raises(DBAPIError):
        go_on()
    engine.dispose()
