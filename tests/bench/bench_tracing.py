"""What traces cost: `python -m tests.bench.bench_tracing`.

CPU time of a `GetStanding` over a real server, its client included, in one
process: untraced, traced with nothing sampled, and traced with every call
sent to a receiver in the same process, which costs as well. Ratios within
interleaved rounds, so that a busy machine is busy for all of them.
"""

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import grpc

from services.runtime.logs import configure_logs
from tests.otlp import receiving
from tests.policy.serving import running
from truepen.policy.v1 import enforcement_service_pb2 as pb

ROUNDS = 15
CALLS = 200
REQUEST = pb.GetStandingRequest(name="accounts/a/standing")


@asynccontextmanager
async def policy(folder: Path, environment: Mapping[str, str]) -> AsyncIterator[Any]:
    """Serve policy under *environment*; the stub of its enforcement service."""
    os.environ.update(environment)
    async with AsyncExitStack() as stack:
        try:
            site = await stack.enter_async_context(running(folder))
        finally:
            for name in environment:
                del os.environ[name]
        yield site.enforcement


async def seconds(stub: Any) -> float:
    """CPU time of one call, the mean of many in a row."""
    begun = time.process_time()
    for _ in range(CALLS):
        await stub.GetStanding(REQUEST)
    return (time.process_time() - begun) / CALLS


async def empty(stack: AsyncExitStack) -> Any:
    """A stub whose GetStanding does nothing: what gRPC alone costs."""

    async def answer(request: Any, context: Any) -> pb.GetStandingResponse:
        return pb.GetStandingResponse()

    server = grpc.aio.server()
    handler = grpc.unary_unary_rpc_method_handler(
        answer,
        pb.GetStandingRequest.FromString,
        pb.GetStandingResponse.SerializeToString,
    )
    name = "truepen.policy.v1.EnforcementService"
    handlers = grpc.method_handlers_generic_handler(name, {"GetStanding": handler})
    server.add_generic_rpc_handlers((handlers,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    stack.push_async_callback(server.stop, None)
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
    await stack.enter_async_context(channel)
    from truepen.policy.v1.enforcement_service_pb2_grpc import EnforcementServiceStub

    return EnforcementServiceStub(channel)


async def measured(folder: Path) -> dict[str, list[float]]:
    """Seconds of a call, each way, a round each."""
    async with AsyncExitStack() as stack:
        receiver = await stack.enter_async_context(receiving())
        to = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.address}
        none = {**to, "OTEL_TRACES_SAMPLER": "always_off"}
        ways = {
            "empty_handler": await empty(stack),
            "untraced": await stack.enter_async_context(policy(folder, {})),
            "sampling_none": await stack.enter_async_context(policy(folder, none)),
            "sampling_all": await stack.enter_async_context(policy(folder, to)),
        }
        times: dict[str, list[float]] = {way: [] for way in ways}
        for stub in ways.values():
            await seconds(stub)
        for _ in range(ROUNDS):
            for way, stub in ways.items():
                times[way].append(await seconds(stub))
    assert receiver.spans
    return times


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
    ):
        configure_logs("json", out=nowhere)
        found = asyncio.run(measured(Path(folder)))
    base = found["untraced"]
    for way, times in found.items():
        if way == "untraced":
            continue
        ratios = [one / other for one, other in zip(times, base, strict=True)]
        low, median, high = statistics.quantiles(ratios, n=4)
        line = {
            "what": f"CPU time of GetStanding, {way.replace('_', ' ')}",
            "median": round(median, 3),
            "quartiles": [round(low, 3), round(high, 3)],
            "unit": "of one untraced",
            "goal": "",
            "untraced_us": round(statistics.median(base) * 1e6, 1),
        }
        sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
