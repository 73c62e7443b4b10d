"""Every RPC against every role: what the tables say is what servers do."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import yaml
from google.protobuf import message_factory

from services.accounts.server.roles import ROLES as ACCOUNTS
from services.detector.compose import ROLES as DETECTOR
from services.policy.server.roles import ROLES as POLICY
from services.runtime.process import wire
from services.runtime.roles import ROLES
from services.runtime.serve import Server
from services.suite import suite
from tests.runtime.authority import Authority
from tests.suite.running import METHODS, refusal, suite_settings

TABLE: Mapping[str, frozenset[str]] = {**DETECTOR, **ACCOUNTS, **POLICY}
NO_ROLE = "no role"
REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
PATHS = {f"/{m.containing_service.full_name}/{m.name}": m for m in METHODS}

# Written out once more, by hand: a role that is widened by mistake shows here.
# A dot is a method that the role may not call.
MATRIX = Path(__file__).with_name("authorization.txt")


def allowed(path: str) -> frozenset[str]:
    """The roles that may call the method at *path*."""
    service = path[: path.rfind("/") + 1]
    return TABLE.get(path) or TABLE.get(service) or frozenset()


def drawn() -> str:
    """The table as a page: a method a line, the roles that may call it."""
    width = max(map(len, PATHS))
    lines = [f"{path:{width}}  {', '.join(sorted(allowed(path)))}" for path in PATHS]
    return "\n".join(lines) + "\n"


def test_every_rpc_has_a_rule() -> None:
    without = [path for path in PATHS if not allowed(path)]

    assert without == []


def test_no_rule_is_of_an_rpc_that_is_not_there() -> None:
    services = {path[: path.rfind("/") + 1] for path in PATHS}

    assert set(TABLE) - set(PATHS) - services == set()


def test_rules_name_roles_that_exist() -> None:
    assert frozenset().union(*TABLE.values()) <= ROLES


def test_the_matrix_is_what_was_agreed() -> None:
    assert drawn() == MATRIX.read_text("utf-8")


def test_engineers_change_nothing() -> None:
    reads = ("Get", "List", "BatchGet", "Watch", "Replay", "Backtest", "Detect")
    theirs = {path.rpartition("/")[2] for path in PATHS if "engineer" in allowed(path)}

    changing = {name for name in theirs if not name.startswith(reads)}
    assert changing == {"BatchDetectText", "StreamDetectText"}


@asynccontextmanager
async def guarded(folder: Path) -> AsyncIterator[tuple[Server, dict[str, Any]]]:
    """The suite over mTLS, and channels of callers with one role each."""
    ca = Authority()
    cert, key = ca.certify(folder / "server", "127.0.0.1")
    (folder / "ca.crt").write_bytes(ca.pem)
    names = {role: f"{role.replace(' ', '-')}.svc" for role in (*ROLES, NO_ROLE)}
    callers = [{"certificate": names[role], "roles": [role]} for role in sorted(ROLES)]
    access = folder / "access.yaml"
    access.write_text(yaml.safe_dump({"callers": callers}), "utf-8")
    runtime = {
        "tls_cert": cert,
        "tls_key": key,
        "tls_ca": folder / "ca.crt",
        "access_file": access,
        "grace_s": 0,
    }
    settings = suite_settings(folder, runtime=runtime, policy={"worker": False})
    async with suite(settings, wire(settings.runtime)) as server:
        channels = {}
        for role, name in names.items():
            mine, private = ca.certify(folder / name, name)
            credentials = grpc.ssl_channel_credentials(
                ca.pem, private.read_bytes(), mine.read_bytes()
            )
            channels[role] = grpc.aio.secure_channel(
                f"127.0.0.1:{server.port}", credentials
            )
        yield server, channels
        for channel in channels.values():
            await channel.close(None)


async def test_every_rpc_refuses_and_serves_by_role(tmp_path: Path) -> None:
    """An empty request gets past the guard or not; what it says then is its own."""
    wrong = []
    async with guarded(tmp_path) as (_, channels):
        for path, method in PATHS.items():
            answers = await asyncio.gather(
                *(refused(channel, method) for channel in channels.values())
            )
            for role, error in zip(channels, answers, strict=True):
                denied = error is not None and (
                    error.code() is grpc.StatusCode.PERMISSION_DENIED
                )
                if denied is (role in allowed(path)):
                    wrong.append((path, role, error and error.details()))

    assert wrong == []


async def refused(channel: Any, method: Any) -> grpc.aio.AioRpcError | None:
    """How an empty request fails; a stream is to end once it has told all."""
    request: Any = message_factory.GetMessageClass(method.input_type)()
    if "once" in request.DESCRIPTOR.fields_by_name:
        request.once = True
    return await refusal(channel, method, request)


async def test_what_every_server_has_is_guarded_too(tmp_path: Path) -> None:
    passed: dict[str, set[str]] = {"health": set(), "channelz": set(), "list": set()}
    async with guarded(tmp_path) as (_, channels):
        for role, channel in channels.items():
            for name, kind, path, request in (
                ("health", "unary_unary", "/grpc.health.v1.Health/Check", b""),
                (
                    "channelz",
                    "unary_unary",
                    "/grpc.channelz.v1.Channelz/GetServers",
                    b"",
                ),
                ("list", "stream_unary", REFLECTION, iter([b"\x3a\x00"])),
            ):
                call = getattr(channel, kind)(path)(request, timeout=10)
                if await call.code() is not grpc.StatusCode.PERMISSION_DENIED:
                    passed[name].add(role)

    assert passed == {
        "health": {*ROLES, NO_ROLE},
        "channelz": {"engineer", "admin"},
        "list": set(ROLES),
    }
