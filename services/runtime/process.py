"""One process: what every service in it shares, and its life from start to stop."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import uvloop
from prometheus_client import CollectorRegistry, start_http_server

from services.runtime.calls import Shutdown
from services.runtime.clock import CallerClock, Clock, SystemClock
from services.runtime.concerns import standard
from services.runtime.keys import token_counter, told
from services.runtime.logs import configure_logs
from services.runtime.paging import Tokens
from services.runtime.serve import (
    AddressTakenError,
    InsecureAddressError,
    Server,
    Service,
)
from services.runtime.settings import RuntimeSettings, SettingsError
from services.runtime.tls import show_expiry
from services.runtime.tracing import tracing

SWITCH_INTERVAL_S = 0.0005
"""How long a thread may hold the interpreter while another wants it."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """What the services of a process share."""

    runtime: RuntimeSettings
    clock: Clock
    registry: CollectorRegistry
    tokens: Tokens
    shutdown: Shutdown


@dataclass(frozen=True, slots=True)
class Parts:
    """What a process needs to run one service."""

    services: Sequence[Service]
    roles: Mapping[str, frozenset[str]]
    """Who may call what; see `concerns.Identity`."""
    start: Callable[[], Awaitable[None]]
    """Called before the server starts, in the order of the parts."""
    stop: Callable[[], Awaitable[None]]
    """Called once the server has stopped, in the opposite order."""


def wire(runtime: RuntimeSettings) -> Wiring:
    """Make what the services share."""
    clock = CallerClock() if runtime.clock == "caller" else SystemClock()
    registry = CollectorRegistry()
    sealing = runtime.seal_keys()
    told("page tokens and cursors", sealing)
    show_expiry(runtime, registry)
    tokens = Tokens(*sealing, opened=token_counter(registry))
    return Wiring(runtime, clock, registry, tokens, Shutdown())


@asynccontextmanager
async def serving(wiring: Wiring, parts: Sequence[Parts]) -> AsyncIterator[Server]:
    """Serve *parts* on one port; whatever was started is stopped at the end."""
    runtime = wiring.runtime
    roles = {method: who for part in parts for method, who in part.roles.items()}
    services = [service for part in parts for service in part.services]
    async with AsyncExitStack() as started:
        # What is begun below finds the tracer in its context.
        await started.enter_async_context(tracing(_name_of(services)))
        chain = standard(runtime, roles, wiring.registry)
        for part in parts:
            started.push_async_callback(part.stop)
            await part.start()
        yield await started.enter_async_context(
            Server(services, chain, runtime, wiring.shutdown)
        )


def _name_of(services: Sequence[Service]) -> str:
    """Return the name of a process that serves *services*: of the one, or of all."""
    kinds = {service.name.split(".")[1] for service in services}
    return f"truepen-{kinds.pop()}" if len(kinds) == 1 else "truepen"


def run(settings: RuntimeSettings, serve: Callable[[Wiring], Awaitable[None]]) -> int:
    """Run *serve* until it ends or a signal stops it; return the exit code."""
    configure_logs(settings.log_format, settings.log_level)
    # Threads fold and store beside the loop; it must not wait 5 ms for each turn.
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    wiring = wire(settings)
    try:
        _show_metrics(settings.metrics_port, wiring.registry)
        uvloop.run(_awaited(serve(wiring)))
    except (SettingsError, InsecureAddressError, AddressTakenError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _show_metrics(port: int | None, registry: CollectorRegistry) -> None:
    if port is None:
        return
    try:
        start_http_server(port, registry=registry)
    except OSError as error:
        raise AddressTakenError("metrics_port", f"port {port}") from error


async def _awaited(work: Awaitable[None]) -> None:
    await work
