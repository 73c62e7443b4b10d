"""Alembic per service: revisions beside the code, a version table of its own.

A service keeps its revisions in `migrations/` inside its package, one file
each, with Alembic's `revision`, `down_revision` and `upgrade()`; there is no
env.py. Forward only.
"""

import importlib
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, MetaData, make_url, text
from sqlalchemy.exc import DBAPIError

from services.runtime.engines import postgres_engine, sqlite_engine

log = structlog.get_logger()

WAIT_FOR_OTHERS = "60s"
WAIT_FOR_TABLES = "5s"  # longer would queue every reader behind the migration


class NotReadyError(Exception):
    """The database cannot be used as it is."""


class DatabaseAwayError(NotReadyError):
    """The database does not answer, lets nobody in, or is none."""


class SchemaOutdatedError(NotReadyError):
    """The database is not at the newest revision: migrate."""

    def __init__(self, package: str, current: str | None, newest: str | None) -> None:
        super().__init__(f"{package}: schema is {current}, needs {newest}; migrate")


def upgrade(url: str, package: str) -> str | None:
    """Bring the schema of *package*, as `services.reader`, to its newest.

    Returns the revision it had before. Replicas may call it at once. A schema of
    a later release stays as it is: it only grew, so that this one runs on it.
    """
    script = _script(package)
    with _connect(url) as connection:
        _take_turns(connection, package)
        before = _context(connection, package).get_current_revision()
        if _is_later(script, before):
            log.warning("schema is of a later release", package=package, schema=before)
            return before
        steps = EnvironmentContext(
            Config(),
            script,
            # What `alembic upgrade` itself passes; there is no public name.
            fn=lambda current, _: script._upgrade_revs("head", current),  # noqa: SLF001
        )
        with steps:
            steps.configure(connection, version_table=_version_table(package))
            steps.run_migrations()
    return before


def prepare(url: str, package: str) -> None:
    """Upgrade SQLite, which one process has to itself; `check` what replicas share."""
    if url.startswith("sqlite"):
        upgrade(url, package)
    else:
        check(url, package)


def check(url: str, package: str) -> None:
    """Raise SchemaOutdatedError unless the schema is at its newest revision.

    One of a later release will do, as while its replicas replace these.
    """
    script = _script(package)
    newest = script.get_current_head()
    with _connect(url) as connection:
        current = _context(connection, package).get_current_revision()
    if _is_later(script, current):
        log.warning("schema is of a later release", package=package, schema=current)
    elif current != newest:
        raise SchemaOutdatedError(package, current, newest)


def drift(url: str, package: str, metadata: MetaData) -> list[Any]:
    """Return how the migrated schema differs from *metadata*; [] is right."""
    own = _version_table(package)
    with _connect(url) as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "version_table": own,
                "include_name": lambda name, kind, parents: (
                    kind != "table" or name in metadata.tables
                ),
            },
        )
        return list(compare_metadata(context, metadata))


@contextmanager
def _connect(url: str) -> Iterator[Connection]:
    """Open one transaction: DDL is undone with it on both databases."""
    sqlite = make_url(url).get_backend_name() == "sqlite"
    if sqlite:
        engine = sqlite_engine(url, 1, durable=True)
    else:
        # Whoever waits for its turn must then see what the other one did.
        engine = postgres_engine(url, 1).execution_options(
            isolation_level="READ COMMITTED"
        )
    try:
        with _connected(engine) as connection, connection.begin():
            yield connection
    finally:
        engine.dispose()


def _connected(engine: Engine) -> Connection:
    """Connect, or raise DatabaseAwayError, which shows no password."""
    try:
        return engine.connect()
    except (DBAPIError, sqlite3.Error) as error:
        why = str(getattr(error, "orig", error)).strip()
        where = engine.url.render_as_string(hide_password=True)
        raise DatabaseAwayError(f"no database at {where}: {why}") from error


def _take_turns(connection: Connection, package: str) -> None:
    """Let one process at a time migrate; on SQLite the write lock does it."""
    if connection.dialect.name == "sqlite":
        return
    connection.execute(text(f"SET LOCAL lock_timeout = '{WAIT_FOR_OTHERS}'"))
    key = zlib.crc32(package.encode())
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
    connection.execute(text(f"SET LOCAL lock_timeout = '{WAIT_FOR_TABLES}'"))


def _script(package: str) -> ScriptDirectory:
    module = importlib.import_module(package)
    folder = Path(str(module.__file__)).parent / "migrations"
    return ScriptDirectory(folder, version_locations=[folder])


def _is_later(script: ScriptDirectory, revision: str | None) -> bool:
    """Say whether *revision* is none that this release knows."""
    known = {one.revision for one in script.walk_revisions()}
    return revision is not None and revision not in known


def _context(connection: Connection, package: str) -> MigrationContext:
    return MigrationContext.configure(
        connection, opts={"version_table": _version_table(package)}
    )


def _version_table(package: str) -> str:
    return f"{package.rpartition('.')[2]}_version"
