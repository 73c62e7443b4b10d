"""What docs/integrating.md tells callers to do works as it stands."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.client import Client
from services.runtime.process import wire
from services.suite import suite
from tests.suite.running import METHODS, suite_settings
from truepen.policy.v1 import decisions_pb2
from truepen.policy.v1 import enforcement_service_pb2 as pb

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "integrating.md").read_text("utf-8")


def block(language: str, beginning: str = "") -> str:
    """The first block of that language that begins so."""
    fences = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
    return next(
        str(body)
        for named, body in fences.findall(PAGE)
        if named == language and body.startswith(beginning)
    )


async def warned(truepen: Client) -> str:
    """Have a person warn the account; the decision."""
    request = pb.OverrideDecisionRequest(
        account="accounts/a1",
        tier=decisions_pb2.TIER_WARNING,
        ground=decisions_pb2.GROUND_AI_CONTENT,
        reason="for the test",
        request_id=str(uuid4()),
    )
    return str((await truepen.enforcement.OverrideDecision(request)).decision.name)


async def test_the_example_in_python_works(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = suite_settings(tmp_path, policy={"worker": False})
    async with suite(settings, wire(settings.runtime)) as server:
        target = f"localhost:{server.port}"
        example: dict[str, Any] = {"__name__": "example"}
        exec(block("python").replace("localhost:50051", target), example)

        await example["main"]()
        async with Client(target) as truepen:
            decision = await warned(truepen)
            cursor = await example["tell"](truepen)
            appeal = await example["appeal"](truepen, decision, "I wrote it myself.")
            again = await example["tell"](truepen, cursor)

    printed = capsys.readouterr().out
    assert "True\n" in printed
    assert "reports/" in printed
    assert "{'a1': 1.0, 'a2': 1.0}" in printed
    assert appeal.startswith("accounts/a1/appeals/")
    assert cursor
    assert again


async def test_a_post_goes_out_where_nobody_can_say(free_port: int) -> None:
    example: dict[str, Any] = {"__name__": "example"}
    exec(block("python"), example)

    async with Client(f"localhost:{free_port}") as truepen:
        assert await example["publish"](truepen, "a1", "n1", "text")


def test_the_page_names_rpcs_that_exist() -> None:
    known = {m.name for m in METHODS}
    services = {m.containing_service.name for m in METHODS}
    table = PAGE.partition("## Which RPC")[2].partition("## What holds")[0]

    named = set(re.findall(r"`(?:\w+Service\.)?([A-Z]\w+[a-z])`", table)) - services

    assert named - known == {"RequestId"} & named
    assert len(named & known) >= 12


@pytest.mark.slow
@pytest.mark.parametrize(
    ("beginning", "plugin", "out"),
    [
        ("MAPS=", "protoc-gen-go-grpc", "policy/v1/enforcement_service_grpc.pb.go"),
        ("mkdir -p gen/java", "grpc_java_plugin", "EnforcementServiceGrpc.java"),
    ],
)
def test_the_commands_for_other_languages_work(
    tmp_path: Path, beginning: str, plugin: str, out: str
) -> None:
    if shutil.which("protoc") is None or shutil.which(plugin) is None:
        pytest.skip(f"protoc and {plugin} are not installed")
    if not (ROOT / "protos" / "imports").exists():
        pytest.skip("make generate lays protos/imports first")
    (tmp_path / "protos").symlink_to(ROOT / "protos")

    subprocess.run(["sh", "-ec", block("", beginning)], cwd=tmp_path, check=True)

    assert [p for p in (tmp_path / "gen").rglob("*") if str(p).endswith(out)]
