"""GetStanding against an empty handler: `python -m tests.bench.bench_standing`.

Load comes from another process: h2load (Debian: nghttp2-client) where it is
installed, else a grpc client. Beside requests a second it takes the CPU time of
the server for a request, which tells the same where others use the machine.
"""

import argparse
import asyncio
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import grpc

from tests.bench.measuring import in_turns, ratios, say, summary
from truepen.policy.v1 import enforcement_service_pb2 as pb
from truepen.policy.v1 import enforcement_service_pb2_grpc as pb_grpc

METHOD = "/truepen.policy.v1.EnforcementService/GetStanding"
REQUEST = pb.GetStandingRequest(name="accounts/a/standing")
TICKS = os.sysconf("SC_CLK_TCK")
CONNECTIONS, STREAMS = 2, 32
EMPTY = {"empty": "an empty handler", "uvloop": "an empty handler on uvloop"}
KINDS = (*EMPTY, "policy")
NAMES = [f"accounts/a{n}/standing" for n in range(1_000)]


@dataclass(frozen=True, slots=True)
class Serving:
    """A server in a process of its own."""

    port: int
    process: int

    def cpu_s(self) -> float:
        """CPU time it has used so far."""
        stat = Path(f"/proc/{self.process}/stat").read_text(encoding="utf8")
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / TICKS


@contextmanager
def server(kind: str) -> Iterator[Serving]:
    command = [sys.executable, "-m", "tests.bench.standing_server", kind]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield Serving(int(process.stdout.readline()), process.pid)
        process.stdin.close()


def load(serving: Serving, seconds: int, costs: list[float]) -> float:
    """Requests a second; adds the microseconds of CPU for one to *costs*."""
    before, begun = serving.cpu_s(), time.perf_counter()
    if shutil.which("h2load"):
        done = by_h2load(serving.port, seconds)
    else:
        done = asyncio.run(by_grpc(serving.port, seconds))
    passed = time.perf_counter() - begun
    costs.append((serving.cpu_s() - before) / done * 1e6)
    return done / passed


def by_h2load(port: int, seconds: int) -> int:
    message = REQUEST.SerializeToString()
    with tempfile.NamedTemporaryFile() as body:
        body.write(b"\0" + len(message).to_bytes(4) + message)
        body.flush()
        command = ["h2load", "-t", "1", "-c", str(CONNECTIONS), "-m", str(STREAMS)]
        command += ["-D", str(seconds), "-d", body.name, "-H", "te: trailers"]
        command += ["-H", "content-type: application/grpc"]
        command += [f"http://127.0.0.1:{port}{METHOD}"]
        told = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"(\d+) succeeded", told.stdout)
    assert found is not None
    return int(found[1])


async def by_grpc(port: int, seconds: int) -> int:
    done = 0
    ends = time.perf_counter() + seconds

    async def ask(stub: Any) -> None:
        nonlocal done
        while time.perf_counter() < ends:
            await stub.GetStanding(REQUEST)
            done += 1

    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub: Any = pb_grpc.EnforcementServiceStub(channel)
        await asyncio.gather(*(ask(stub) for _ in range(CONNECTIONS * STREAMS)))
    return done


def batch_ms(serving: Serving) -> float:
    """Milliseconds of the server's CPU for 1,000 standings in one call."""
    times = 30
    with grpc.insecure_channel(f"127.0.0.1:{serving.port}") as channel:
        stub = pb_grpc.EnforcementServiceStub(channel)
        request = pb.BatchGetStandingsRequest(names=NAMES)
        stub.BatchGetStandings(request)
        before = serving.cpu_s()
        for _ in range(times):
            stub.BatchGetStandings(request)
        return (serving.cpu_s() - before) / times * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=2)
    options = parser.parse_args()
    client = "h2load" if shutil.which("h2load") else "grpc.aio"
    costs: dict[str, list[float]] = {kind: [] for kind in KINDS}
    with ExitStack() as running:
        servers = {kind: running.enter_context(server(kind)) for kind in KINDS}
        for serving in servers.values():
            load(serving, 1, [])  # what is loaded late is loaded now
        found = in_turns(
            {
                name: partial(load, serving, options.seconds, costs[name])
                for name, serving in servers.items()
            },
            options.rounds,
        )
        batches = [batch_ms(servers["policy"]) for _ in range(5)]
    for name, values in found.items():
        say(f"GetStanding, {name}", summary(values), "requests/s", client=client)
    goal = ">= 0.8"
    for kind, name in EMPTY.items():
        share = ratios(found, "policy", kind)
        say(f"GetStanding to {name}, requests/s", share, "ratio", goal)
    for name, values in costs.items():
        say(f"GetStanding, {name}: server CPU", summary(values), "us/request")
    for kind, name in EMPTY.items():
        share = ratios(costs, kind, "policy")
        say(f"GetStanding to {name}, by server CPU", share, "ratio", goal)
    say("1,000 standings in one call", summary(batches), "ms CPU", "<= 10 ms")


if __name__ == "__main__":
    main()
