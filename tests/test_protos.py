"""The contract keeps its own conventions, and its stubs are those it gives."""

import importlib
import importlib.util
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from google.protobuf.descriptor import (
    Descriptor,
    EnumDescriptor,
    FileDescriptor,
    ServiceDescriptor,
)

ROOT = Path(__file__).resolve().parents[1]
PROTOS = ROOT / "protos"
SOURCES = sorted(PROTOS.glob("truepen/**/*.proto"))


def generator() -> ModuleType:
    """protos/generate.py, which is a script and no package."""
    spec = importlib.util.spec_from_file_location("generate", PROTOS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def files() -> Iterator[FileDescriptor]:
    for source in SOURCES:
        module = source.relative_to(PROTOS).with_suffix("")
        name = ".".join(module.parts) + "_pb2"
        yield importlib.import_module(name).DESCRIPTOR


def services() -> list[ServiceDescriptor]:
    return [s for f in files() for s in f.services_by_name.values()]


def messages() -> list[Descriptor]:
    return [m for f in files() for m in f.message_types_by_name.values()]


def enums() -> list[EnumDescriptor]:
    return [e for f in files() for e in f.enum_types_by_name.values()]


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).upper()


def test_committed_stubs_are_those_that_the_protos_give() -> None:
    assert generator().check() == []


@pytest.mark.skipif(
    shutil.which("buf", path=str(Path(sys.executable).parent)) is None,
    reason="buf-bin is not installed",
)
def test_buf_finds_nothing_to_say() -> None:
    generator().lint()


def test_package_is_the_folder() -> None:
    wrong = [f.name for f in files() if f.package.replace(".", "/") not in f.name]

    assert wrong == []


def test_each_rpc_has_a_request_and_a_response_of_its_own() -> None:
    wrong = [
        method.full_name
        for service in services()
        for method in service.methods
        if method.input_type.name != f"{method.name}Request"
        or method.output_type.name != f"{method.name}Response"
    ]

    assert wrong == []


def test_zero_of_each_enum_is_unspecified_and_values_carry_its_name() -> None:
    wrong = [
        value.name
        for enum in enums()
        for value in enum.values
        if not value.name.startswith(f"{snake(enum.name)}_")
        or (value.number == 0) != value.name.endswith("_UNSPECIFIED")
    ]

    assert wrong == []


def test_lists_page_by_token() -> None:
    wrong = [
        m.name
        for m in messages()
        if re.fullmatch(r"List\w+Request", m.name)
        and not {"page_size", "page_token"} <= set(m.fields_by_name)
    ]

    assert wrong == []


def test_request_fields_say_whether_they_are_required() -> None:
    wrong = [
        f"{source.name}: {name}.{field}"
        for source in SOURCES
        for name, body in re.findall(
            r"^message (\w+Request) \{\n(.*?)^\}",
            source.read_text("utf8"),
            re.MULTILINE | re.DOTALL,
        )
        for comment, field in re.findall(
            r"((?:^ +//.*\n)+)^ +[\w. ]+ (\w+) = \d+;", body, re.MULTILINE
        )
        if not re.search(r"// (Required|Optional)", comment)
    ]

    assert wrong == []


def test_every_reason_that_can_be_raised_is_in_the_contract() -> None:
    """Clients switch on reasons, so none may be missing from error_reason.proto."""
    from truepen.errors.v1.error_reason_pb2 import ErrorReason

    documented = {name.removeprefix("ERROR_REASON_") for name, _ in ErrorReason.items()}
    raised = {
        match
        for path in (ROOT / "services").rglob("*.py")
        for match in re.findall(
            r"^    reason(?:: ClassVar\[str\])? = \"([A-Z_]+)\"$",
            path.read_text("utf8"),
            re.MULTILINE,
        )
    }

    assert raised - documented == set()
