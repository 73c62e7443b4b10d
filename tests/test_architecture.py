"""Who may import whom, read from the source: the layout is the data flow."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SERVICES = Path(__file__).parents[1] / "services"
NAMES = ("detector", "accounts", "policy")

WIRE = {"grpc", "grpc_status", "google", "truepen"}
ROWS = {"sqlmodel", "sqlalchemy", "alembic", "psycopg"}
MODELS = {"onnxruntime", "tokenizers"}

# A file of that name, or any file in a folder of that name.
KNOWS_WIRE = {"server", "convert", "clients", "bus", "compose", "__main__"}
KNOWS_ROWS = {"storage", "migrations", "compose", "__main__"}
USE_CASES = {"detect", "track", "decide"}

DOMAIN_WORDS = re.compile(
    r"account|activit|detect|verdict|(?<!retry)(?<!retention)(?<!discard)(?<!ack)(?<!ack_)polic(y|ies)|tier|standing|appeal|notice|strike"
    r"|ruleset|reliance|automation|banned|report(er|s\b)|enforce",
    re.IGNORECASE,
)


def modules(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*.py") if "__pycache__" not in p.parts)


def name_of(path: Path) -> str:
    parts = path.relative_to(SERVICES.parent).with_suffix("").parts
    return ".".join(parts)


def imports(path: Path) -> Iterator[str]:
    """Yield the full name of each module that *path* imports, wherever."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: import by full name"
            module = node.module or ""
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def offences(paths: list[Path], banned: set[str]) -> list[str]:
    return [
        f"{name_of(path)} imports {name}"
        for path in paths
        for name in imports(path)
        if name.partition(".")[0] in banned
    ]


def in_services() -> list[Path]:
    """Modules of the three services that serve: not runtime, cli, training."""
    return [
        path
        for name in NAMES
        for path in modules(SERVICES / name)
        if "training" not in path.parts
    ]


def layers(path: Path) -> set[str]:
    """Return the names under which a module may claim what its layer may do."""
    return set(path.relative_to(SERVICES).with_suffix("").parts[1:])


def test_a_domain_is_pure() -> None:
    domains = [path for path in in_services() if "domain" in path.parts]

    assert offences(domains, WIRE | ROWS | MODELS | {"structlog", "asyncio"}) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_domain_knows_only_itself_and_errors(name: str) -> None:
    allowed = (f"services.{name}.domain", "services.runtime.errors")
    own = [
        f"{name_of(path)} imports {found}"
        for path in modules(SERVICES / name / "domain")
        for found in imports(path)
        if found.startswith("services.") and not found.startswith(allowed)
        if found != "services.runtime"
    ]

    assert own == []


def test_a_domain_never_asks_the_time_or_for_chance() -> None:
    asks = re.compile(
        r"datetime\.now|time\.time\(|uuid4\(|os\.environ|(?<![\w.])(?<!def )open\("
    )
    domains = [path for path in in_services() if "domain" in path.parts]

    found = [name_of(p) for p in domains if asks.search(p.read_text("utf-8"))]

    assert found == []


def test_only_the_edge_knows_the_wire() -> None:
    inner = [p for p in in_services() if not layers(p) & KNOWS_WIRE]

    assert offences(inner, {"grpc", "grpc_status", "truepen"}) == []


def test_only_storage_knows_rows() -> None:
    others = [p for p in in_services() if not layers(p) & KNOWS_ROWS]

    assert offences(others, ROWS) == []


def test_one_module_knows_nats() -> None:
    others = [p for p in modules(SERVICES) if p != SERVICES / "runtime/jetstream.py"]

    assert offences(others, {"nats"}) == []


def test_use_cases_know_protocols_only() -> None:
    cases = [p for p in in_services() if layers(p) & USE_CASES]

    assert offences(cases, WIRE | ROWS | MODELS) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_service_never_imports_another(name: str) -> None:
    others = tuple(f"services.{other}" for other in NAMES if other != name)
    found = [
        f"{name_of(path)} imports {other}"
        for path in modules(SERVICES / name)
        for other in imports(path)
        if other.startswith(others)
    ]

    assert found == []


def test_serving_never_imports_training() -> None:
    found = [
        name_of(path)
        for path in modules(SERVICES)
        if "training" not in path.parts
        if any(".training" in name for name in imports(path))
    ]

    assert found == []


def test_runtime_imports_no_service_and_no_contract() -> None:
    runtime = modules(SERVICES / "runtime")

    assert offences(runtime, {"truepen", "sqlmodel"}) == []
    for path in runtime:
        others = [n for n in imports(path) if n.startswith("services.")]
        assert all(n.startswith("services.runtime") for n in others), path


def test_the_client_package_knows_no_service() -> None:
    services = tuple(f"services.{name}" for name in NAMES)
    found = [
        f"{name_of(path)} imports {name}"
        for path in modules(SERVICES / "client")
        for name in imports(path)
        if name.startswith(services)
    ]

    assert found == []


def test_runtime_has_no_domain_word() -> None:
    found = [
        f"{path.name}:{number}: {line.strip()}"
        for path in modules(SERVICES / "runtime")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if DOMAIN_WORDS.search(line)
    ]

    assert found == []


def test_no_module_is_a_drawer() -> None:
    drawers = {"utils", "util", "helpers", "common", "misc", "manager", "base"}

    assert [name_of(p) for p in modules(SERVICES) if p.stem in drawers] == []


def test_every_module_can_be_read_in_one_go() -> None:
    long = [
        f"{name_of(path)} has {lines} lines"
        for path in modules(SERVICES)
        if (lines := len(path.read_text("utf-8").splitlines())) > 400
    ]

    assert long == []
