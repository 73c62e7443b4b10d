"""Writes the typed stubs in protos/gen from protos/truepen.

    python protos/generate.py              write them
    python protos/generate.py --check      fail if the committed ones differ
    python protos/generate.py --lint       buf lint, and buf breaking against main

The wire code needs no buf: protoc comes with grpcio-tools, the types from
mypy-protobuf. buf reads google/rpc/status.proto from `imports/`, laid there
from the installed googleapis-common-protos, because it cannot fetch it.
"""

import filecmp
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import google.rpc
import grpc_tools
from grpc_tools import protoc

HERE = Path(__file__).resolve().parent
GEN = HERE / "gen"
WELL_KNOWN = Path(grpc_tools.__file__).parent / "_proto"
GOOGLE_RPC = Path(next(iter(google.rpc.__path__)))


def generate(out: Path) -> None:
    """Write stubs and types for every .proto into *out*."""
    lay_imports(HERE / "imports")
    # protoc finds its plugins on PATH; ours are beside the interpreter.
    programs = Path(sys.executable).parent
    plugins = [
        f"--plugin={name}={programs / name}"
        for name in ("protoc-gen-mypy", "protoc-gen-mypy_grpc")
    ]
    sources = sorted(str(p.relative_to(HERE)) for p in HERE.glob("truepen/**/*.proto"))
    code = protoc.main(
        [
            "protoc",
            f"-I{HERE}",
            f"-I{HERE / 'imports'}",
            f"-I{WELL_KNOWN}",
            f"--python_out={out}",
            f"--grpc_python_out={out}",
            f"--mypy_out=quiet:{out}",
            f"--mypy_grpc_out=quiet:{out}",
            *plugins,
            *sources,
        ]
    )
    if code:
        raise SystemExit(code)
    for folder in [
        out / "truepen",
        *(p for p in (out / "truepen").rglob("*") if p.is_dir()),
    ]:
        (folder / "__init__.py").touch()


def lay_imports(into: Path) -> None:
    """Copy the google/rpc protos that ours import."""
    target = into / "google" / "rpc"
    target.mkdir(parents=True, exist_ok=True)
    for name in ("status.proto",):
        shutil.copyfile(GOOGLE_RPC / name, target / name)


def differences(left: Path, right: Path) -> list[str]:
    """Files that are not the same on both sides, by relative path."""
    names = {
        str(path.relative_to(side))
        for side in (left, right)
        for path in side.rglob("*.py*")
        if "__pycache__" not in path.parts
    }
    _, mismatch, missing = filecmp.cmpfiles(left, right, sorted(names), shallow=False)
    return sorted([*mismatch, *missing])


def check() -> list[str]:
    """Generate anew and name the committed files that differ."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch)
        generate(out)
        return differences(out, GEN)


def lint() -> None:
    """Run buf lint, and buf breaking against the main branch where there is one."""
    lay_imports(HERE / "imports")
    buf = str(Path(sys.executable).parent / "buf")
    subprocess.run([buf, "lint"], cwd=HERE, check=True)
    archive = subprocess.run(
        ["git", "archive", "main", "protos"],
        cwd=HERE.parent,
        capture_output=True,
        check=False,
    )
    if archive.returncode:
        print("no branch main here: buf breaking skipped")
        return
    with tempfile.TemporaryDirectory() as scratch:
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
            tar.extractall(scratch, filter="data")
        before = Path(scratch) / "protos"
        if not list(before.glob("truepen/**/*.proto")):
            return
        lay_imports(before / "imports")
        subprocess.run(
            [buf, "breaking", "--against", str(before)], cwd=HERE, check=True
        )


def main(arguments: list[str]) -> None:
    """Dispatch on the only argument."""
    if arguments == ["--check"]:
        if drift := check():
            raise SystemExit("stale stubs, run protos/generate.py: " + ", ".join(drift))
    elif arguments == ["--lint"]:
        lint()
    elif arguments:
        raise SystemExit(__doc__)
    else:
        shutil.rmtree(GEN, ignore_errors=True)
        GEN.mkdir(parents=True)
        generate(GEN)


if __name__ == "__main__":
    main(sys.argv[1:])
