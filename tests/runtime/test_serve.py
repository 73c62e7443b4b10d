"""A server as its callers and its supervisor see it."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from prometheus_client import CollectorRegistry

from services.runtime.calls import Shutdown
from services.runtime.client import RemoteStub, connect
from services.runtime.concerns import standard
from services.runtime.errors import Unauthenticated
from services.runtime.process import Wiring, run
from services.runtime.serve import (
    AddressTakenError,
    InsecureAddressError,
    Server,
    Service,
)
from services.runtime.settings import RuntimeSettings
from tests.runtime.echo import NAME, EchoServicer, EchoStub, add_echo, text

Health = health_pb2_grpc.HealthStub


def make(
    servicer: EchoServicer | None = None, shutdown: Shutdown | None = None, **how: Any
) -> Server:
    settings = RuntimeSettings(**{"port": 0, "grace_s": 1.0, **how})
    roles = {f"/{NAME}/": frozenset({"reader"})}
    chain = standard(settings, roles, CollectorRegistry())
    echo = Service(NAME, add_echo, servicer or EchoServicer())
    return Server([echo], chain, settings, shutdown)


@asynccontextmanager
async def running(server: Server) -> AsyncIterator[grpc.aio.Channel]:
    async with server, connect(f"127.0.0.1:{server.port}", {}) as channel:
        yield channel


async def health_of(channel: grpc.aio.Channel, name: str) -> str:
    request = health_pb2.HealthCheckRequest(service=name)
    response = await cast("Any", Health(channel)).Check(request)
    return health_pb2.HealthCheckResponse.ServingStatus.Name(response.status)


async def test_each_service_is_healthy_by_name() -> None:
    async with running(make()) as channel:
        assert await health_of(channel, NAME) == "SERVING"
        assert await health_of(channel, "") == "SERVING"


async def test_reflection_lists_the_services() -> None:
    async def ask() -> AsyncIterator[Any]:
        yield reflection_pb2.ServerReflectionRequest(list_services="")

    async with running(make()) as channel:
        stub = cast("Any", reflection_pb2_grpc.ServerReflectionStub)(channel)
        answers = [answer async for answer in stub.ServerReflectionInfo(ask())]

    names = [service.name for service in answers[0].list_services_response.service]
    assert {NAME, "grpc.health.v1.Health"} <= set(names)


async def test_health_flips_before_calls_in_flight_finish() -> None:
    started = asyncio.Event()

    class Slow(EchoServicer):
        async def Say(self, request: Any, context: Any) -> Any:
            started.set()
            await asyncio.sleep(0.2)
            return text("finished")

    server = make(Slow())
    async with running(server) as channel:
        say = asyncio.ensure_future(cast("Any", EchoStub(channel)).Say(text("")))
        watch = cast("Any", Health(channel)).Watch(health_pb2.HealthCheckRequest())
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
        await started.wait()

        stop = asyncio.create_task(server.stop())
        seen = (await watch.read()).status
        assert not say.done()
        response = await say
        await stop

    assert seen == health_pb2.HealthCheckResponse.NOT_SERVING
    assert response.value == "finished"


async def test_a_signal_lets_streams_end_in_their_own_words() -> None:
    shutdown = Shutdown()
    ended: list[str] = []

    class Follow(EchoServicer):
        async def Spell(self, request: Any, context: Any) -> AsyncIterator[Any]:
            yield text("first")
            await shutdown.wait()
            yield text("resume here")
            ended.append("stream")

    server = make(Follow(), shutdown)
    async with running(server) as channel:
        run = asyncio.create_task(server.run())
        stream = aiter(cast("Any", RemoteStub(EchoStub(channel))).Spell(text("")))
        await anext(stream)
        os.kill(os.getpid(), signal.SIGTERM)
        rest = [response.value async for response in stream]
        await run

    assert rest == ["resume here"]
    assert ended == ["stream"]


async def test_a_burst_waits_to_be_taken_and_is_not_cancelled() -> None:
    async with running(make()) as channel:
        say = cast("Any", EchoStub(channel)).Say
        burst = [say(text(str(n))) for n in range(3_000)]
        await asyncio.sleep(0)
        time.sleep(0.5)  # noqa: ASYNC251 - a server that is busy takes no calls
        answers = await asyncio.gather(*burst)

    assert [answer.value for answer in answers] == [str(n) for n in range(3_000)]


async def test_two_processes_cannot_share_a_port() -> None:
    async with make() as first:
        with pytest.raises(AddressTakenError, match=f"TRUEPEN_PORT: .*:{first.port} "):
            await make(port=first.port).__aenter__()
        with pytest.raises(AddressTakenError, match="TRUEPEN_HEALTH_PORT: "):
            await make(health_port=first.port).__aenter__()


def test_metrics_on_a_port_that_is_taken_end_in_a_line_that_names_the_setting(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def never(wiring: Wiring) -> None:
        raise AssertionError

    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        settings = RuntimeSettings(data_dir=tmp_path, metrics_port=port)

        assert run(settings, never) == 2
    told = capsys.readouterr().err.splitlines()
    assert told[-1].startswith(f"TRUEPEN_METRICS_PORT: port {port} cannot be")
    assert not any("Traceback" in line for line in told)


async def test_plaintext_beyond_loopback_is_refused_unless_asked_for() -> None:
    with pytest.raises(InsecureAddressError):
        await make(host="0.0.0.0").__aenter__()

    async with make(host="0.0.0.0", insecure=True) as server:
        assert server.port > 0


async def test_loopback_without_trust_needs_credentials() -> None:
    async with running(make(trust_loopback=False)) as channel:
        with pytest.raises(Unauthenticated):
            await cast("Any", RemoteStub(EchoStub(channel))).Say(text(""))


async def test_the_probe_port_serves_health_alone() -> None:
    async with (
        make(health_port=0) as server,
        connect(f"127.0.0.1:{server.health_port}", {}) as channel,
    ):
        assert await health_of(channel, NAME) == "SERVING"
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await cast("Any", EchoStub(channel)).Say(text(""))

    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_a_message_beyond_the_limit_is_refused() -> None:
    async with running(make(max_message_bytes=2**16)) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await cast("Any", EchoStub(channel)).Say(text("a" * 2**17))

    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_the_callers_clock_is_off_by_default() -> None:
    nonsense = [("truepen-time", "nonsense")]
    async with running(make()) as channel:
        await cast("Any", EchoStub(channel)).Say(text(""), metadata=nonsense)

    async with running(make(clock="caller")) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await cast("Any", EchoStub(channel)).Say(text(""), metadata=nonsense)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_unix_socket_will_do(tmp_path: Path) -> None:
    address = f"unix:{tmp_path}/s"
    async with make(host=address), connect(address, {}) as channel:
        response = await cast("Any", RemoteStub(EchoStub(channel))).Say(text("a"))

    assert response.value == "a"
