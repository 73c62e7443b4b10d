"""What the README shows to paste works when pasted."""

import asyncio
import json
import shutil
import sys
from pathlib import Path

import pytest

from services.runtime.process import wire
from services.suite import suite
from tests.commands import Answer, answered
from tests.suite.running import suite_settings

PROGRAMS = Path(sys.executable).parent

needs_grpcurl = pytest.mark.skipif(
    shutil.which("grpcurl", path=str(PROGRAMS)) is None,
    reason="grpcurl is not beside the interpreter",
)


def shown() -> list[str]:
    """Every grpcurl command of the README."""
    return [command.text for command in answered(Answer.README)]


async def pasted(command: str, port: int) -> tuple[int, str]:
    """Run *command* in a shell against a suite on *port*: exit code, output."""
    process = await asyncio.create_subprocess_shell(
        command.replace("localhost:50051", f"127.0.0.1:{port}"),
        env={"PATH": f"{PROGRAMS}:/usr/bin:/bin"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 30)
    return process.returncode or 0, output.decode()


@needs_grpcurl
async def test_commands_of_the_readme_work(tmp_path: Path) -> None:
    settings = suite_settings(tmp_path)
    async with suite(settings, wire(settings.runtime)) as server:
        answers = {command: await pasted(command, server.port) for command in shown()}

    good = {c: a for c, a in answers.items() if '"name": "a1"' not in c}
    bad = {c: a for c, a in answers.items() if c not in good}
    assert len(good) >= 6
    assert {c: a for c, a in good.items() if a[0] != 0} == {}
    assert len(bad) == 1
    assert all("InvalidArgument" in output for _, output in bad.values())


@needs_grpcurl
async def test_reflection_lists_every_service(tmp_path: Path) -> None:
    settings = suite_settings(tmp_path)
    async with suite(settings, wire(settings.runtime)) as server:
        _, listed = await pasted("grpcurl -plaintext localhost:50051 list", server.port)
        _, health = await pasted(
            "grpcurl -plaintext localhost:50051 grpc.health.v1.Health/Check",
            server.port,
        )

    assert {line for line in listed.split() if line.startswith("truepen.")} == {
        "truepen.accounts.v1.AccountsService",
        "truepen.accounts.v1.ReportsService",
        "truepen.detector.v1.DetectorService",
        "truepen.policy.v1.AppealsService",
        "truepen.policy.v1.CasesService",
        "truepen.policy.v1.EnforcementService",
        "truepen.policy.v1.NoticesService",
        "truepen.policy.v1.RulesetsService",
    }
    assert json.loads(health) == {"status": "SERVING"}
