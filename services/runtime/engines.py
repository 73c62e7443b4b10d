"""The engines of SQLAlchemy: how each kind of database is connected to."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, Dialect, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from services.runtime.pool import DEFAULT, Pool
from services.runtime.settings import SettingsError

log = structlog.get_logger()

BUSY_TIMEOUT_MS = 5_000
WRITER_CACHE_KIB = 32_768
"""A large write changes more pages than the usual 2 MiB hold."""
WAL_PAGES = 8_000
"""After so many the log is copied back: a page that changes often goes once."""
WRITER_PRAGMAS = (
    f"cache_size=-{WRITER_CACHE_KIB}",
    f"wal_autocheckpoint={WAL_PAGES}",
)


def sqlite_engine(
    url: str, connections: int, *, durable: bool, reads: bool = False
) -> Engine:
    """Make an engine whose transactions begin where SQLAlchemy says they do."""
    path = make_url(url).database
    if not path or path == ":memory:":
        raise ValueError("SQLite needs a file: readers and the writer share it")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        hide_parameters=True,  # errors reach the log, rows must not
        connect_args={"check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def connect(raw: Any, record: object) -> None:
        raw.isolation_level = None  # the driver begins too late; we do it below
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={'FULL' if durable else 'NORMAL'}",
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "foreign_keys=ON",
            f"query_only={'ON' if reads else 'OFF'}",
            *(() if reads else WRITER_PRAGMAS),
        ):
            raw.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A write lock taken late cannot be waited for; take it at once.
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def postgres_engine(
    url: str,
    connections: int,
    *,
    durable: bool = True,
    pool: Pool = DEFAULT,
    renew: Callable[[], str] | None = None,
) -> Engine:
    """Make a psycopg engine; its transactions are serializable."""
    address = make_url(url).set(drivername="postgresql+psycopg")
    engine = create_engine(
        address,
        pool_size=connections,
        max_overflow=pool.overflow,
        pool_recycle=pool.recycle,
        pool_pre_ping=True,
        isolation_level="SERIALIZABLE",
        hide_parameters=True,
        connect_args=pool.connect_args(durable=durable),
    )
    if renew is not None:
        _connect_by(engine, renew)
    return engine


def _connect_by(engine: Engine, renew: Callable[[], str]) -> None:
    """Let each new connection go by what *renew* gives."""

    @event.listens_for(engine, "do_connect")
    def connect(
        dialect: Dialect, record: object, args: list[Any], how: dict[str, Any]
    ) -> None:
        try:
            address = make_url(renew())
        except (SettingsError, ArgumentError):  # half written: the next one will do
            log.exception("database URL not renewed")
            return
        how.update(dialect.create_connect_args(address)[1])
