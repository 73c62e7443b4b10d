"""What the documents say is so."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.accounts.settings import AccountsSettings
from services.detector.settings import DetectorSettings
from services.policy.settings import PolicySettings
from services.runtime.settings import RuntimeSettings, Settings
from tests.commands import PAGES, ROOT, Answer, Command, answer, answered, of

SERVICES = ROOT / "services"
CONFIGURATION = ROOT / "docs" / "configuration.md"
SETTINGS: tuple[type[Settings], ...] = (
    RuntimeSettings,
    DetectorSettings,
    AccountsSettings,
    PolicySettings,
)


def test_every_setting_is_documented_and_no_other() -> None:
    known = {name for cls in SETTINGS for name in cls.variables().values()}

    named = re.findall(
        r"^\| `(TRUEPEN_\w+)`", CONFIGURATION.read_text("utf8"), re.MULTILINE
    )

    assert sorted(named) == sorted(known)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_inside_the_project_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf8"))

    broken = [link for link in links if not (page.parent / link).exists()]

    assert broken == []


def long_options(text: str) -> set[str]:
    """The options that a command is shown with."""
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))


def click_problem(text: str) -> str:
    """What is wrong with a `truepen` command as it is shown; empty where nothing."""
    from typer.main import get_command

    from services.cli.main import app

    command: Any = get_command(app)
    words = text.split()[1:]
    while words and hasattr(command, "commands"):
        if words[0] not in command.commands:
            return "" if words[0] == "--help" else f"there is no {words[0]}"
        command = command.commands[words.pop(0)]
    known = {name for param in command.params for name in param.opts} | {"--help"}
    strange = long_options(" ".join(words)) - known
    return f"it has no {', '.join(sorted(strange))}" if strange else ""


def module_problem(text: str) -> str:
    """What is wrong with a `python -m` command as it is shown; empty where nothing."""
    name = re.split(r"python -m ", text)[1].split()[0]
    path = ROOT / name.replace(".", "/")
    source = path / "__main__.py" if path.is_dir() else path.with_suffix(".py")
    if not source.exists():
        return f"there is no {name}"
    strange = {o for o in long_options(text) if o not in source.read_text("utf8")}
    return f"it has no {', '.join(sorted(strange))}" if strange else ""


def pytest_problem(text: str) -> str:
    """What is wrong with a pytest command as it is shown; empty where nothing."""
    for name in re.findall(r"\btests/\S+\.py", text):
        path = ROOT / name
        marker = re.search(r"-m (slow|soak)", text)
        if not path.exists():
            return f"there is no {name}"
        if marker and f"mark.{marker[1]}" not in path.read_text("utf8"):
            return f"{name} has nothing that is {marker[1]}"
    return ""


def make_problem(text: str) -> str:
    """The target that is not in the Makefile; empty where it is."""
    target = text.split()[1]
    known = re.findall(
        r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf8"), re.MULTILINE
    )
    return "" if target in known else f"there is no target {target}"


def outside_problem(text: str) -> str:
    """The file of ours that is not there; empty where all are."""
    ours = re.findall(r"(?<![\w./-])(?:deploy|services|truepen|tests)/[\w./-]+", text)
    places = (ROOT, ROOT / "protos")
    gone = [name for name in ours if not any((at / name).exists() for at in places)]
    extras = re.findall(r"'\.\[(\w+)\]'", text)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]
    gone += [extra for extra in extras if extra not in project["optional-dependencies"]]
    streams = (SERVICES / "accounts" / "bus.py").read_text("utf8")
    gone += [n for n in re.findall(r"\bTRUEPEN_[A-Z]+\b", text) if n not in streams]
    return f"there is no {', '.join(gone)}" if gone else ""


def cluster_problem(text: str) -> str:
    """What the chart or the code does not have; empty where they have all."""
    values = (ROOT / "deploy" / "k8s" / "values.yaml").read_text("utf8")
    source = "".join(p.read_text("utf8") for p in SERVICES.rglob("*.py"))
    parts = re.findall(r"component=(\w+)", text)
    parts += re.findall(r"(?:deployment/?|hpa|service/) ?truepen-(\w+)", text)
    gone = [
        part for part in parts if not re.search(rf"^ *{part}:", values, re.MULTILINE)
    ]
    known = {name for cls in SETTINGS for name in cls.variables().values()}
    gone += [n for n in re.findall(r"\bTRUEPEN_\w+", text) if n not in known]
    for said in re.findall(r"grep '([^']+)'", text):
        words = [word.strip('"') for word in re.split(r"\\\|", said)]
        gone += [w for w in words if ":" not in w and w not in source]
    return outside_problem(text) or (f"there is no {', '.join(gone)}" if gone else "")


def serves_problem(text: str) -> str:
    """What is wrong with a command that runs until it is stopped."""
    known = {name for cls in SETTINGS for name in cls.variables().values()}
    strange = set(re.findall(r"\b(TRUEPEN_\w+)=", text)) - known
    if strange:
        return f"there is no {', '.join(sorted(strange))}"
    if "python -m" in text:
        return module_problem(text)
    if "make " in text:
        return make_problem(text)
    return click_problem(text[text.index("truepen serve") :])


CHECKS: dict[Answer, Callable[[str], str]] = {
    Answer.MAKE: make_problem,
    Answer.PYTEST: pytest_problem,
    Answer.MODULE: module_problem,
    Answer.TRUEPEN: click_problem,
    Answer.SERVES: serves_problem,
    Answer.CLUSTER: cluster_problem,
    Answer.OUTSIDE: outside_problem,
}


def test_every_command_of_the_documents_is_run_or_checked() -> None:
    shown = [command for page in PAGES for command in of(page)]

    assert len(shown) > 200
    assert [str(command) for command in shown if answer(command) is None] == []


@pytest.mark.parametrize("by", CHECKS, ids=lambda by: str(by.name))
def test_what_is_not_run_is_right_as_far_as_that_can_be_seen(by: Answer) -> None:
    commands = answered(by)

    problems = {str(c): CHECKS[by](c.text) for c in commands}
    assert commands
    assert {shown: problem for shown, problem in problems.items() if problem} == {}


def test_a_wrong_command_would_be_seen() -> None:
    page = ROOT / "README.md"

    assert answer(Command(page, "launch everything")) is None
    assert click_problem("truepen profile --picture x")
    assert click_problem("truepen restore accounts")
    assert make_problem("make tests")
    assert module_problem("python -m tests.bench --graphs")
    assert pytest_problem(".venv/bin/python -m pytest tests/test_docs.py -m soak")
    assert cluster_problem("kubectl scale deployment/truepen-judge --replicas=2")
    assert cluster_problem("kubectl logs -l x=y | grep 'nobody says this'")
    assert outside_problem("docker compose -f deploy/compose.yml up")
    assert serves_problem("TRUEPEN_POTR=1 python -m services.policy")


def kept(service: str) -> dict[str, str]:
    """Tables of a service in docs/privacy-and-fairness.md, and their last cell."""
    page = (ROOT / "docs" / "privacy-and-fairness.md").read_text("utf8")
    section = page.partition(f"### {service}\n")[2].partition("\n### ")[0]
    rows = re.findall(r"^\| ((?:`\w+` ?)+)\|.*\| ([^|]*) \|$", section, re.MULTILINE)
    return {
        name: ending for names, ending in rows for name in re.findall(r"`(\w+)`", names)
    }


def test_the_page_on_privacy_tells_of_every_table() -> None:
    from services.accounts.storage.rows_apart import FindingRow
    from services.policy.storage.rows import StandingRow

    assert set(kept("accounts")) == set(FindingRow.metadata.tables)
    assert set(kept("policy")) == set(StandingRow.metadata.tables)


def test_the_page_on_privacy_says_what_an_erasure_deletes() -> None:
    from services.accounts.storage.erasing import OWNED
    from services.policy.storage import erasures

    gone = {
        service: {name for name, ending in kept(service).items() if "erased" in ending}
        for service in ("accounts", "policy")
    }

    owned = {str(row.__tablename__) for row in OWNED}
    assert gone["accounts"] == owned | {"accounts", "reports", "reporters"}
    assert gone["policy"] == {table.name for table in erasures.OWNED} | {"posts"}
