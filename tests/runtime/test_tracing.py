"""Traces as a collector gets them: real servers, real OTLP."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.runtime.client import RemoteStub, connect, propagated
from services.runtime.errors import NotFound, ServiceError
from services.runtime.local import LocalStub
from services.runtime.process import Parts, serving, wire
from services.runtime.serve import Server, Service
from services.runtime.settings import RuntimeSettings, SettingsError
from services.runtime.spans import TRACER, method_of
from services.runtime.tracing import configured
from tests.otlp import Receiver, receiving
from tests.runtime.echo import NAME, EchoServicer, EchoStub, add_echo, text
from truepen.detector.v1 import detector_service_pb2

SAY = f"{NAME}/Say"
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Relay(EchoServicer):
    """Asks the next one."""

    def __init__(self, following: Any) -> None:
        super().__init__()
        self._following = following

    async def Say(self, request: Any, context: Any) -> Any:
        return await self._following.Say(request)

    async def Spell(self, request: Any, context: Any) -> AsyncIterator[Any]:
        async for letter in self._following.Spell(request):
            await self._following.Say(letter)
            yield letter


async def nothing() -> None:
    """Start or stop nothing."""


@asynccontextmanager
async def hop(folder: Path, servicer: EchoServicer) -> AsyncIterator[Server]:
    """Serve *servicer* as a process would."""
    settings = RuntimeSettings(port=0, data_dir=folder)
    roles = {f"/{NAME}/": frozenset({"reader"})}
    parts = Parts([Service(NAME, add_echo, servicer)], roles, nothing, nothing)
    async with serving(wire(settings), [parts]) as server:
        yield server


@asynccontextmanager
async def traced(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.address)
        yield receiver


def stub(channel: Any) -> Any:
    return RemoteStub(EchoStub(channel))


async def test_a_call_over_the_wire_is_one_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        traced(monkeypatch) as receiver,
        hop(tmp_path, EchoServicer()) as last,
        connect(f"127.0.0.1:{last.port}", {}) as to_last,
        hop(tmp_path, Relay(stub(to_last))) as first,
        connect(f"127.0.0.1:{first.port}", {}) as to_first,
    ):
        metadata = [("traceparent", PARENT), ("truepen-request-id", "r-1")]
        await EchoStub(to_first).Say(text("secret"), metadata=metadata)  # type: ignore[attr-defined]

    assert len(receiver.spans) == 3  # two servers, and the call between them
    assert {got.trace for got in receiver.spans} == {PARENT.split("-")[1]}
    ends = [receiver.way(got) for got in receiver.named(SAY, "SERVER")]
    assert sorted(map(len, ends)) == [1, 3]
    assert {got.attributes["truepen.request_id"] for got in receiver.spans} == {"r-1"}
    assert "secret" not in str(receiver.spans)


async def test_a_call_in_process_is_one_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with traced(monkeypatch) as receiver:
        chained = Relay(LocalStub(Relay(LocalStub(EchoServicer()))))
        async with (
            hop(tmp_path, chained) as server,
            connect(f"127.0.0.1:{server.port}", {}) as channel,
        ):
            await EchoStub(channel).Say(text("a"))  # type: ignore[attr-defined]

    assert len({got.trace for got in receiver.spans}) == 1
    deepest = max((receiver.way(got) for got in receiver.spans), key=len)
    assert deepest == [("truepen-v1", "Say")] * 3


@pytest.mark.parametrize("local", [True, False])
async def test_a_stream_is_a_span_and_no_parent_of_what_its_reader_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, local: bool
) -> None:
    async with (
        traced(monkeypatch) as receiver,
        hop(tmp_path, EchoServicer()) as last,
        connect(f"127.0.0.1:{last.port}", {}) as to_last,
        hop(
            tmp_path, Relay(LocalStub(EchoServicer()) if local else stub(to_last))
        ) as first,
        connect(f"127.0.0.1:{first.port}", {}) as to_first,
    ):
        async for _ in EchoStub(to_first).Spell(text("ab")):  # type: ignore[attr-defined]
            pass

    kind = "INTERNAL" if local else "CLIENT"
    [relayed] = receiver.named("Spell", kind)
    above = receiver.parent(relayed)
    said = list(receiver.named("Say", kind))
    assert len(said) == 2
    assert above
    assert above.span.name == f"{NAME}/Spell"
    assert [receiver.parent(got) for got in said] == [above, above]


async def test_the_outcome_is_on_the_span(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(value: str) -> str:
        raise NotFound("thing", value) if value else RuntimeError("broken")

    async with (
        traced(monkeypatch) as receiver,
        hop(tmp_path, EchoServicer(refuse)) as server,
        connect(f"127.0.0.1:{server.port}", {}) as channel,
    ):
        for value in ("a", ""):
            with pytest.raises(ServiceError):
                await stub(channel).Say(text(value))

    outcomes = [
        (got.attributes["rpc.grpc.status_code"], got.span.status.message)
        for got in receiver.named(SAY, "SERVER")
    ]
    assert outcomes == [(5, ""), (13, "INTERNAL")]  # what callers do wrong is no fault


async def test_the_log_names_the_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with capture_logs(processors=[merge()]) as lines:
        async with (
            traced(monkeypatch) as receiver,
            hop(tmp_path, EchoServicer()) as server,
            connect(f"127.0.0.1:{server.port}", {}) as channel,
        ):
            await stub(channel).Say(text("a"))

    [line] = [line for line in lines if line["event"] == "rpc"]
    assert [line["trace_id"]] == [got.trace for got in receiver.named(SAY, "SERVER")]


def merge() -> Any:
    from structlog.contextvars import merge_contextvars

    return merge_contextvars


async def test_background_work_begins_traces_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        traced(monkeypatch) as receiver,
        hop(tmp_path, EchoServicer()) as server,
        connect(f"127.0.0.1:{server.port}", {}) as channel,
    ):
        await asyncio.create_task(stub(channel).Say(text("a"))._unary())

    [root] = receiver.named("Say", "CLIENT")
    assert [receiver.parent(got) for got in receiver.named(SAY, "SERVER")] == [root]


@pytest.mark.parametrize(
    ("environment", "on"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x:4317"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://x:4317"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_TRACES_EXPORTER": "none"},
         False),
    ],
)  # fmt: skip
def test_the_standard_variables_decide(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], on: bool
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert configured() is on


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_TRACES_EXPORTER", "jaeger"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
    ],
)
def test_what_cannot_be_done_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://x:4317")
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError, match=name):
        configured()


async def test_off_sends_nothing(tmp_path: Path) -> None:
    async with hop(tmp_path, EchoServicer()):
        assert TRACER.get() is None
        assert propagated() == []


def test_off_loads_nothing() -> None:
    loaded = "import sys, services.suite; print('opentelemetry' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


def test_a_call_is_named_by_the_service_that_takes_its_request() -> None:
    request: Any = detector_service_pb2.BatchDetectTextRequest
    other: Any = type(text(""))

    named = method_of(request, "BatchDetectText")

    assert named == "truepen.detector.v1.DetectorService/BatchDetectText"
    assert method_of(other, "Say") == "Say"
