"""What identity costs a GetStanding: `python -m tests.bench.bench_identity`.

CPU time of the server for a call, each kind of server in a process of its own,
in rounds that take turns; ratios of medians.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import yaml

from services.policy.compose import compose
from services.policy.settings import PolicySettings
from services.runtime.connection import Connection
from services.runtime.local import LocalStub
from services.runtime.logs import configure_logs
from services.runtime.process import serving, wire
from services.runtime.settings import RuntimeSettings
from services.runtime.tls import TlsFiles
from tests.policy.accounts_fake import FakeAccounts, FakeReports
from tests.runtime.authority import Authority, TokenIssuer
from truepen.policy.v1 import enforcement_service_pb2 as pb
from truepen.policy.v1.enforcement_service_pb2_grpc import (
    EnforcementServiceStub,
    add_EnforcementServiceServicer_to_server,
)

REQUEST = pb.GetStandingRequest(name="accounts/a/standing")
CALLER = "ranking.feed.svc"
SUBJECT = "system:serviceaccount:feed:ranking"
IN_FLIGHT = 16
TICKS = os.sysconf("SC_CLK_TCK")

KINDS = {
    "bare": "the handler alone, in plaintext",
    "chain": "with interceptors, in plaintext on loopback",
    "limits": "and a rate and concurrency for each caller",
    "bare TLS": "the handler alone, TLS with client certificates",
    "TLS": "with interceptors, TLS with client certificates",
    "TLS, token": "with interceptors, TLS and a bearer token (ES256)",
}
BASES = {
    "chain": "bare",
    "limits": "chain",
    "bare TLS": "bare",
    "TLS": "chain",
    "TLS, token": "chain",
}


@dataclass(frozen=True, slots=True)
class Site:
    """Where certificates and tokens of this run are."""

    folder: Path

    def settings(self, kind: str) -> RuntimeSettings:
        """Settings of the server of *kind*."""
        chosen: dict[str, Any] = {"port": 0, "data_dir": self.folder / kind}
        if kind == "limits":
            chosen |= {"caller_rate": 1e6, "caller_concurrency": 1_000}
        if "TLS" in kind:
            chosen |= {
                "tls_cert": self.folder / "server" / "tls.crt",
                "tls_key": self.folder / "server" / "tls.key",
                "tls_ca": self.folder / "ca.crt",
                "tls_client_certs": "token" not in kind,
                "access_file": self.folder / "access.yaml",
            }
        return RuntimeSettings(**chosen)

    def connection(self, kind: str, port: int) -> Connection:
        """A caller of the server of *kind*."""
        tls = bearer = None
        if "token" in kind:
            tls, bearer = TlsFiles(self.folder / "ca.crt"), self.folder / "token"
        elif "TLS" in kind:
            caller = self.folder / "caller"
            tls = TlsFiles(
                self.folder / "ca.crt", caller / "tls.crt", caller / "tls.key"
            )
        return Connection(f"127.0.0.1:{port}", {}, tls=tls, bearer_file=bearer)


def prepared(folder: Path) -> Site:
    """Make certificates, a token and the access file."""
    ca, issuer = Authority(), TokenIssuer()
    ca.certify(folder / "server", "127.0.0.1")
    ca.certify(folder / "caller", CALLER)
    (folder / "ca.crt").write_bytes(ca.pem)
    (folder / "token").write_text(issuer.token(SUBJECT, lasts=3_600), "utf-8")
    (folder / "jwks.json").write_text(issuer.key_set(), "utf-8")
    trusted = {
        "name": "cluster",
        "issuer": issuer.name,
        "audience": "truepen",
        "keys": str(folder / "jwks.json"),
    }
    callers = [
        {"certificate": CALLER, "roles": ["reader"]},
        {"issuer": "cluster", "subject": SUBJECT, "roles": ["reader"]},
    ]
    access = yaml.safe_dump({"issuers": [trusted], "callers": callers})
    (folder / "access.yaml").write_text(access, "utf-8")
    return Site(folder)


async def serve(site: Site, kind: str) -> None:
    """Serve until standard input ends; print the port."""
    configure_logs("json", "info")
    wiring = wire(site.settings(kind))
    stubs = LocalStub(FakeAccounts()), LocalStub(FakeReports())
    policy = compose(PolicySettings(worker=False), wiring, *stubs)
    if kind.startswith("bare"):
        await policy.parts.start()
        server = grpc.aio.server()
        servicer: Any = policy.servicers.enforcement
        add_EnforcementServiceServicer_to_server(servicer, server)
        port = _bind(server, wiring.runtime)
        await server.start()
        await _until_told(port)
        await server.stop(None)
        await policy.parts.stop()
        return
    async with serving(wiring, [policy.parts]) as running:
        await _until_told(running.port)


def _bind(server: grpc.aio.Server, settings: RuntimeSettings) -> int:
    from services.runtime.tls import server_credentials

    credentials = server_credentials(settings, client_certs=True)
    if credentials is None:
        return server.add_insecure_port("127.0.0.1:0")
    return server.add_secure_port("127.0.0.1:0", credentials)


async def _until_told(port: int) -> None:
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)


@contextmanager
def started(site: Site, kind: str) -> Iterator[tuple[int, int]]:
    """Run a server of *kind*; its port and process."""
    command = [sys.executable, "-m", "tests.bench.bench_identity"]
    with subprocess.Popen(
        [*command, "--serve", kind, "--folder", str(site.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline()), process.pid
        assert process.stdin is not None
        process.stdin.close()


def cpu_s(process: int) -> float:
    """CPU time that *process* has used so far."""
    stat = Path(f"/proc/{process}/stat").read_text(encoding="utf8")
    user, system = stat.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / TICKS


async def calls(connection: Connection, count: int) -> None:
    """Make *count* calls, some in flight at all times."""
    stub = connection.stub(EnforcementServiceStub)

    async def some() -> None:
        for _ in range(count // IN_FLIGHT):
            await stub.GetStanding(REQUEST)

    await asyncio.gather(*(some() for _ in range(IN_FLIGHT)))


async def measured(
    site: Site, servers: dict[str, tuple[int, int]], rounds: int, count: int
) -> dict[str, list[float]]:
    """Microseconds of CPU a call by kind, a value a round."""
    found: dict[str, list[float]] = {kind: [] for kind in servers}
    connections = {k: site.connection(k, port) for k, (port, _) in servers.items()}
    for connection in connections.values():
        await calls(connection, count // 4)
    for _ in range(rounds):
        for kind, (_, process) in servers.items():
            before = cpu_s(process)
            await calls(connections[kind], count)
            found[kind].append((cpu_s(process) - before) / count * 1e6)
    for connection in connections.values():
        await connection.close()
    return found


def main() -> None:
    """Run every kind and print what each costs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--calls", type=int, default=4_000, help="in each round")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        asyncio.run(serve(Site(given.folder), given.serve))
        return
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        site = prepared(Path(folder))
        servers = {kind: stack.enter_context(started(site, kind)) for kind in KINDS}
        found = asyncio.run(measured(site, servers, given.rounds, given.calls))
    for kind, values in found.items():
        line: dict[str, object] = {
            "server": kind,
            "is": KINDS[kind],
            "cpu_us_a_call": round(statistics.median(values)),
        }
        if base := BASES.get(kind):
            pairs = zip(values, found[base], strict=True)
            ratios = sorted(mine / theirs for mine, theirs in pairs)
            line |= {
                "times": f"{statistics.median(ratios):.2f}",
                "of": base,
                "range": f"{ratios[0]:.2f}-{ratios[-1]:.2f}",
            }
        sys.stdout.write(json.dumps(line) + "\n")
    sys.stderr.write(f"{time.perf_counter() - begun:.0f} s\n")


if __name__ == "__main__":
    main()
