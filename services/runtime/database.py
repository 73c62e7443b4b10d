"""One transaction per call, off the event loop, on SQLite or PostgreSQL.

What is acknowledged is durable, and writes are serializable on both: SQLite
has one writer, PostgreSQL repeats a write that lost a race.
"""

import asyncio
import contextvars
import random
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, Table, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from services.runtime.engines import postgres_engine, sqlite_engine
from services.runtime.errors import DependencyUnavailable, StorageFull, WriteConflict
from services.runtime.group_commit import GroupCommit
from services.runtime.pool import DEFAULT, Pool

log = structlog.get_logger()

ATTEMPTS = 6
FIRST_PAUSE = 0.01
RETRYABLE = {"40001", "40P01"}  # serialization failure, deadlock
LOCKED = "55P03"  # waited as long as `lock_timeout` allows
FULL = ("53100", "SQLITE_FULL")

# SQLite calls every fault operational, also a misspelt table; these are not bugs.
BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED")
AWAY = ("SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_CORRUPT")

T = TypeVar("T")
Row = Mapping[str, Any]


class Database:
    """A database by URL, as `sqlite:///var/x.db` or `postgresql://host/name`.

    *fn* of each method gets a SQLAlchemy Connection inside a transaction and
    runs in another thread with the caller's context variables. A write may
    run several times before it is kept: it must have no other effects. *renew*
    gives the URL anew for each connection to a server, where passwords change.
    """

    def __init__(
        self,
        url: str,
        *,
        threads: int = 4,
        durable: bool = True,
        pool: Pool = DEFAULT,
        renew: Callable[[], str] | None = None,
    ) -> None:
        self.dialect = make_url(url).get_backend_name()
        served = self.dialect != "sqlite"
        most = threads + pool.overflow if served else threads
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="db")
        self._group: GroupCommit | None = None
        if self.dialect == "sqlite":
            self._readers = sqlite_engine(url, threads, durable=durable, reads=True)
            self._writers = sqlite_engine(url, 1, durable=durable)
            self._group = GroupCommit(self._writers)
        else:
            self._writers = postgres_engine(
                url, threads, durable=durable, pool=pool, renew=renew
            )
            self._readers = self._writers.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )

    async def write(self, fn: Callable[[Connection], T]) -> T:
        """Run *fn* in a transaction; return its result once it is durable.

        Raises WriteConflict when others won each attempt, StorageFull when
        there is no room, DependencyUnavailable when the database does not answer.
        """
        for attempt in count(1):
            try:
                return await asyncio.wrap_future(self._submit(fn))
            except (DBAPIError, PoolTimeout) as error:
                _judge(error, attempt)
            await asyncio.sleep(_pause(attempt))
        raise AssertionError  # `count` has no end

    async def read(self, fn: Callable[[Connection], T]) -> T:
        """Run *fn* on one snapshot; it must not write."""
        try:
            return await asyncio.wrap_future(self._in_pool(self._read, fn))
        except (DBAPIError, PoolTimeout) as error:
            _judge(error, ATTEMPTS)
            raise

    def write_sync(self, fn: Callable[[Connection], T]) -> T:
        """Do what `write` does for callers without an event loop."""
        for attempt in count(1):
            try:
                return self._submit(fn).result()
            except (DBAPIError, PoolTimeout) as error:
                _judge(error, attempt)
            time.sleep(_pause(attempt))
        raise AssertionError  # `count` has no end

    def read_sync(self, fn: Callable[[Connection], T]) -> T:
        """Do what `read` does for callers without an event loop."""
        return self._read(fn)

    def close(self) -> None:
        """Finish queued work and close every connection."""
        if self._group is not None:
            self._group.close()
        self._pool.shutdown()
        self._readers.dispose()
        self._writers.dispose()

    def _submit(self, fn: Callable[[Connection], T]) -> Future[T]:
        if self._group is not None:
            return self._group.submit(fn)
        return self._in_pool(self._write, fn)

    def _in_pool(self, run: Callable[[Any], T], fn: Any) -> Future[T]:
        return self._pool.submit(contextvars.copy_context().run, run, fn)

    def _write(self, fn: Callable[[Connection], T]) -> T:
        with self._writers.begin() as connection:
            return fn(connection)

    def _read(self, fn: Callable[[Connection], T]) -> T:
        with self._readers.begin() as connection:
            return fn(connection)


def insert(connection: Connection, table: Table) -> Any:
    """Return an INSERT with `on_conflict_do_nothing` and `…_do_update`.

    Both dialects have them with the same arguments, and no common type.
    """
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def insert_ignore(connection: Connection, table: Table, rows: Sequence[Row]) -> int:
    """Insert those of *rows* whose keys are new; return how many were."""
    if not rows:
        return 0
    statement = insert(connection, table).on_conflict_do_nothing()
    # Drivers count the rows of many statements only when asked to.
    options = {"preserve_rowcount": True}
    return connection.execute(statement, list(rows), execution_options=options).rowcount


def _pause(attempt: int) -> float:
    """Return the seconds to wait; those that collided must not do so again."""
    return FIRST_PAUSE * 2.0 ** (attempt - 1) * random.uniform(0.5, 1.5)  # noqa: S311


def _judge(error: DBAPIError | PoolTimeout, attempt: int) -> None:
    """Return where another attempt may succeed; raise otherwise."""
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None)
        fault = getattr(error.orig, "sqlite_errorname", "")
        if state in RETRYABLE or fault.startswith(BUSY):
            log.info("write lost a race", attempt=attempt)
            if attempt == ATTEMPTS:
                raise WriteConflict from error
            return
        if state == LOCKED:
            raise WriteConflict from error
        if (state or fault).startswith(FULL):
            log.error("database is full", exc_info=error)
            raise StorageFull("database") from error
        away = fault.startswith(AWAY) or (
            not fault and isinstance(error, OperationalError | InterfaceError)
        )
        if not away:
            raise error
    log.error("database unavailable", exc_info=error)
    raise DependencyUnavailable("database") from error
