"""A gRPC server that starts serving when it is ready and stops in order."""

import asyncio
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import grpc
import structlog
from grpc_channelz.v1 import channelz
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from services.runtime.calls import Shutdown
from services.runtime.interceptors import Chain
from services.runtime.settings import RuntimeSettings
from services.runtime.tls import server_credentials

log = structlog.get_logger()

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
LOOPBACK = ("127.", "localhost", "::1", "[::1]", "unix:")


@dataclass(frozen=True, slots=True)
class Service:
    """One service to serve: its full name, its servicer and how to add it."""

    name: str
    add: Callable[[Any, Any], None]
    servicer: object


class InsecureAddressError(Exception):
    """Plaintext was asked for beyond the loopback interface."""


class AddressTakenError(Exception):
    """Something else listens there, or the address is not this machine's."""

    def __init__(self, setting: str, address: str) -> None:
        name = RuntimeSettings.variables()[setting]
        super().__init__(f"{name}: {address} cannot be listened on: is it in use?")


class Server:
    """Serves *services*; `async with Server(...) as server: await server.run()`.

    Stopping: health says NOT_SERVING and `shutdown` is set, so that streams
    end with a cursor; calls in flight get the grace time.
    """

    def __init__(
        self,
        services: Sequence[Service],
        chain: Chain,
        settings: RuntimeSettings,
        shutdown: Shutdown | None = None,
    ) -> None:
        self.shutdown = shutdown or Shutdown()
        self.port = 0
        self.bearer_port = 0
        self.health_port = 0
        self._services = services
        self._settings = settings
        self._health = health.aio.HealthServicer()
        self._server = grpc.aio.server(
            interceptors=[chain],
            options=_options(settings),
        )
        self._probes: grpc.aio.Server | None = None
        self._started = False

    async def __aenter__(self) -> Self:
        """Start serving; `port` then says where."""
        for service in self._services:
            service.add(service.servicer, self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        channelz.add_channelz_servicer(self._server)
        names = [service.name for service in self._services]
        shown = [health.SERVICE_NAME, reflection.SERVICE_NAME, *names]
        reflection.enable_server_reflection(shown, self._server)
        await self._set_health(NOT_SERVING)
        self.port = self._bind("port", client_certs=self._settings.tls_client_certs)
        if self._settings.bearer_port is not None:
            self.bearer_port = self._bind("bearer_port", client_certs=False)
        self._bind_probes()
        await self._server.start()
        if self._probes is not None:
            await self._probes.start()
        await self._set_health(SERVING)
        self._started = True
        ports = {"port": self.port}
        if self.bearer_port:
            ports["bearer_port"] = self.bearer_port
        log.info("serving", host=self._settings.host, **ports, services=names)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop in order; see the class."""
        await self.stop()

    async def run(self) -> None:
        """Serve until SIGTERM, SIGINT or `shutdown`."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.shutdown.set)
        try:
            await self.shutdown.wait()
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)
        await self.stop()

    async def stop(self) -> None:
        """Stop in order; see the class. Once is enough, twice does no harm."""
        self.shutdown.set()
        if self._started:
            self._started = False
            await self._health.enter_graceful_shutdown()
            await self._server.stop(self._settings.grace_s)
            if self._probes is not None:
                await self._probes.stop(None)
            log.info("stopped", port=self.port)

    def _bind(self, setting: str, *, client_certs: bool) -> int:
        """Listen on the port that *setting* says."""
        host, port = self._settings.host, getattr(self._settings, setting)
        address = host if host.startswith("unix:") else f"{host}:{port}"
        credentials = server_credentials(self._settings, client_certs=client_certs)
        if (
            credentials is None
            and not host.startswith(LOOPBACK)
            and not self._settings.insecure
        ):
            raise InsecureAddressError(f"{address} needs TLS or TRUEPEN_INSECURE=true")
        with _named(setting, address):
            if credentials is not None:
                return self._server.add_secure_port(address, credentials)
            return self._server.add_insecure_port(address)

    def _bind_probes(self) -> None:
        """Answer probes on a port of their own, in plaintext, where one is set."""
        if self._settings.health_port is None:
            return
        self._probes = grpc.aio.server()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._probes)
        address = f"[::]:{self._settings.health_port}"
        with _named("health_port", address):
            self.health_port = self._probes.add_insecure_port(address)

    async def _set_health(self, state: Any) -> None:
        for name in ("", *(service.name for service in self._services)):
            await self._health.set(name, state)


@contextmanager
def _named(setting: str, address: str) -> Iterator[None]:
    """Say which setting asks for an *address* that cannot be had."""
    try:
        yield
    except RuntimeError as error:  # grpc's own, with no more to tell
        raise AddressTakenError(setting, address) from error


def _options(settings: RuntimeSettings) -> list[tuple[str, int]]:
    options = [
        ("grpc.max_send_message_length", settings.max_message_bytes),
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        ("grpc.so_reuseport", 0),  # a second process must fail, not share the port
        ("grpc.enable_channelz", 1),
        # Calls that wait to be taken: beyond a thousand grpc would cancel some of
        # them, who are not told when to come back. Ours are refused by the chain.
        ("grpc.server.max_pending_requests", settings.max_concurrent_rpcs),
        ("grpc.server.max_pending_requests_hard_limit", settings.max_concurrent_rpcs),
        ("grpc.http2.min_ping_interval_without_data_ms", 30_000),
    ]
    if settings.max_connection_age_s is not None:
        age = settings.max_connection_age_s * 1000
        options.append(("grpc.max_connection_age_ms", age))
        options.append(("grpc.max_connection_age_grace_ms", 2 * age))
    return options
