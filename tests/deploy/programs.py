"""Programs that the tests of the chart and image need, each a real one."""

import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from deploy import helm

HERE = Path(__file__).parent
CHECKOV = Path(sys.prefix) / "programs" / "checkov"
SECONDS = 300


def missing(reason: str) -> NoReturn:
    """Skip, saying why; fail in CI, where nothing may be missing."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def helm_program(major: int = helm.NEWEST) -> Path:
    """Return Helm *major*."""
    try:
        return helm.program(major)
    except helm.NoHelmError as error:
        missing(f"no Helm {major}: {error}")


def checkov_program() -> Path:
    """Return checkov, in an environment of its own: it pins much of what we use."""
    lock = HERE / "checkov.lock"
    made = CHECKOV / "made-from.lock"
    if not made.exists() or made.read_bytes() != lock.read_bytes():
        uv = [str(Path(sys.executable).parent / "uv")]
        python = CHECKOV / "bin" / "python"
        install = ["pip", "install", "--quiet", "--require-hashes"]
        for arguments in (
            ["venv", "--quiet", "--clear", "--python", sys.executable, str(CHECKOV)],
            [*install, "--python", str(python), "--requirement", str(lock)],
        ):
            done = run([*uv, *arguments])
            if done.returncode:
                missing(f"no checkov: {done.stderr.strip()}")
        made.write_bytes(lock.read_bytes())
    return CHECKOV / "bin" / "checkov"


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run it to its end; what it printed is in the result."""
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=SECONDS
    )
