"""The image and the laptop's composition of it, as far as no daemon is needed."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.accounts.settings import AccountsSettings
from services.detector.settings import DetectorSettings
from services.policy.settings import PolicySettings
from services.runtime.settings import RuntimeSettings, Settings, load
from tests.deploy.programs import run

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
COMPOSE = ROOT / "deploy" / "compose.yaml"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]
HADOLINT = Path(sys.executable).parent / "hadolint"

EVERYWHERE: tuple[type[Settings], ...] = (
    RuntimeSettings,
    DetectorSettings,
    AccountsSettings,
    PolicySettings,
)
READ: dict[str, tuple[type[Settings], ...]] = {
    "migrate": EVERYWHERE,
    "services.detector": (RuntimeSettings, DetectorSettings),
    "services.accounts": (RuntimeSettings, AccountsSettings),
    "services.policy": (RuntimeSettings, PolicySettings),
}


def composed() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return read


def test_the_dockerfile_has_no_fault_that_hadolint_knows() -> None:
    done = run([str(HADOLINT), "--failure-threshold", "style", str(DOCKERFILE)])

    assert (done.returncode, done.stdout) == (0, "")


def test_whatever_pip_installs_into_the_image_is_checked_by_hash() -> None:
    lines = DOCKERFILE.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    installs = [line for line in lines if re.search(r"\bpip\b.*\binstall\b", line)]

    libraries = [line for line in installs if "--require-hashes" in line]
    assert len(libraries) == 3
    assert all("--only-binary :all:" in line for line in libraries)
    for line in set(installs) - set(libraries):
        assert "--no-index --no-deps /wheel/*.whl" in line


def pinned(lock: Path) -> dict[str, str]:
    """What *lock* says of each package: version and hashes, without comments."""
    text = re.sub(r"(?m)^ *#.*$", "", lock.read_text(encoding="utf-8"))
    found = re.finditer(r"(?ms)^([\w.-]+)==(.*?)(?=^[\w.-]+==|\Z)", text)
    return {match[1]: " ".join(match[2].split()) for match in found}


def test_the_lean_image_has_the_same_releases_and_no_models_libraries() -> None:
    everything = pinned(ROOT / "requirements.lock")
    lean = pinned(ROOT / "deploy" / "lean.lock")

    assert lean.items() < everything.items()
    needed = {re.split(r"[^\w-]", name)[0].lower() for name in PROJECT["dependencies"]}
    assert needed <= lean.keys()
    models = PROJECT["optional-dependencies"]["detector"]
    assert {re.split(r"[^\w-]", name)[0] for name in models}.isdisjoint(lean)


def test_the_image_runs_as_nobody_in_particular() -> None:
    users = re.findall(
        r"^USER (.*)$", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE
    )

    assert users == ["10001:10001"]


def test_everything_but_models_runs_without_their_libraries(tmp_path: Path) -> None:
    named = PROJECT["optional-dependencies"]["detector"]
    modules = [re.split(r"[^\w-]", name)[0].replace("-", "_") for name in named]
    program = f"""
import sys
for name in {modules!r}:
    sys.modules[name] = None
import services.accounts.__main__
import services.policy.__main__
from services.cli.main import app
app(["migrate", "--data-dir", {str(tmp_path)!r}])
"""

    done = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": "protos/gen"},
    )

    assert done.returncode == 0, done.stderr
    assert {file.name for file in tmp_path.iterdir()} >= {"accounts.db", "policy.db"}


@pytest.mark.parametrize(
    "name", [n for n, s in composed()["services"].items() if "build" in s]
)
def test_each_composed_process_knows_every_variable_it_is_given(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = composed()["services"][name]

    for variable, value in service["environment"].items():
        monkeypatch.setenv(variable, value)
    load(*READ[service["command"][-1]])


def test_the_composition_is_reached_from_this_machine_only() -> None:
    for service in composed()["services"].values():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:")


def test_composed_processes_may_do_as_little_as_on_a_cluster() -> None:
    for service in composed()["services"].values():
        if "build" in service:
            assert service["read_only"] is True
            assert service["cap_drop"] == ["ALL"]
            assert "no-new-privileges:true" in service["security_opt"]


def test_composed_processes_call_each_other_by_names_that_are_there() -> None:
    services = composed()["services"]

    targets = {
        match[1]
        for service in services.values()
        for value in service.get("environment", {}).values()
        for match in re.finditer(r"(?:dns:///|@)([a-z]+)", value)
    }
    assert targets == {"detector", "accounts", "postgres"}
    assert targets <= services.keys()


def test_what_takes_activities_in_and_sends_events_out_knows_the_broker() -> None:
    services = composed()["services"]

    users = {
        name
        for name, service in services.items()
        if service.get("environment", {}).get("TRUEPEN_NATS_URL") == "nats://nats:4222"
    }

    assert "nats" in services
    assert users == {"accounts", "worker"}
