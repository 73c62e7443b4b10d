"""What docs/identity.md shows works as it stands."""

import asyncio
import json
import re
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml

from services.runtime.access import watched
from services.runtime.process import wire
from services.suite import suite
from tests.commands import Answer, answered
from tests.runtime.authority import Authority, TokenIssuer
from tests.suite.running import suite_settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "identity.md").read_text("utf-8")
PROGRAMS = Path(sys.executable).parent
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
AUTHORITY = "truepen-policy.truepen.svc"

needs_grpcurl = pytest.mark.skipif(
    shutil.which("grpcurl", path=str(PROGRAMS)) is None,
    reason="grpcurl is not beside the interpreter",
)


def blocks(kind: str) -> list[str]:
    return [body for language, body in BLOCK.findall(PAGE) if language == kind]


def commands() -> list[str]:
    return [command.text for command in answered(Answer.IDENTITY)]


def test_the_access_file_of_the_page_is_right(tmp_path: Path) -> None:
    (shown,) = blocks("yaml")
    path = tmp_path / "access.yaml"
    path.write_text(shown, "utf-8")

    access = watched(path).get()

    worker = access.by_certificate("truepen-worker.truepen.svc")
    assert [grant.roles for grant in worker] == [("writer", "moderator")]
    clerk = "system:serviceaccount:publishing:notes"
    assert access.by_token("cluster", clerk, frozenset())[0].roles == ("writer",)
    assert access.by_token("staff", clerk, frozenset()) == []


def test_the_page_tells_every_role() -> None:
    from services.runtime.roles import ROLES

    section = PAGE.partition("## Roles")[2].partition("## ")[0]

    assert set(re.findall(r"^\| `([a-z ]+)` \|", section, re.MULTILINE)) == ROLES


@asynccontextmanager
async def as_shown(folder: Path) -> AsyncIterator[dict[str, str]]:
    """The suite as the page has it; what stands for its ports, and the token."""
    ca, staff = Authority(), TokenIssuer("https://sso.example.com/")
    cert, key = ca.certify(folder / "server", AUTHORITY)
    (folder / "ca.crt").write_bytes(ca.pem)
    (folder / "jwks.json").write_text(staff.key_set(), "utf-8")
    engineer = ca.certify(folder / "engineer", "engineer.example.com")
    shutil.copy(engineer[0], folder / "engineer.crt")
    shutil.copy(engineer[1], folder / "engineer.key")
    access = yaml.safe_load(blocks("yaml")[0])
    for issuer in access["issuers"]:
        issuer["keys"] = str(folder / "jwks.json")
    access["callers"].append(
        {"certificate": "engineer.example.com", "roles": ["engineer"]}
    )
    (folder / "access.yaml").write_text(yaml.safe_dump(access), "utf-8")
    runtime = {
        "bearer_port": 0,
        "tls_cert": cert,
        "tls_key": key,
        "tls_ca": folder / "ca.crt",
        "access_file": folder / "access.yaml",
        "trust_loopback": False,
    }
    settings = suite_settings(folder, runtime=runtime, policy={"worker": False})
    async with suite(settings, wire(settings.runtime)) as server:
        yield {
            "localhost:50051": f"localhost:{server.port}",
            "localhost:50061": f"localhost:{server.bearer_port}",
            "$TOKEN": staff.token("on-call", groups=["platform-on-call"]),
        }


async def run(command: str, folder: Path) -> tuple[int, str]:
    process = await asyncio.create_subprocess_shell(
        command,
        cwd=folder,
        env={"PATH": f"{PROGRAMS}:/usr/bin:/bin"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 30)
    return process.returncode or 0, output.decode()


@needs_grpcurl
async def test_the_recipe_for_engineers_works(tmp_path: Path) -> None:
    async with as_shown(tmp_path) as places:
        answers = {}
        for command in commands():
            local = command
            for shown, real in places.items():
                local = local.replace(shown, real)
            answers[command] = await run(local, tmp_path)

    refused = {c: a for c, a in answers.items() if "EvaluateAccount" in c}
    served = {c: a for c, a in answers.items() if c not in refused}
    assert len(served) == 5
    assert {c: a for c, a in served.items() if a[0] != 0} == {}
    (listed, *_) = served.values()
    assert "truepen.policy.v1.EnforcementService" in listed[1]
    standings = [a[1] for c, a in served.items() if "GetStanding" in c]
    assert len(standings) == 2
    assert all(json.loads(s)["standing"]["tier"] == "TIER_CLEAR" for s in standings)
    assert len(refused) == 1
    (denial,) = (output for _, output in refused.values())
    assert "PermissionDenied" in denial
    assert "staff:on-call" in denial
