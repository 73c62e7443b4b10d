"""What the documents say is so."""

import re
from pathlib import Path

import pytest

from services.accounts.settings import AccountsSettings
from services.detector.settings import DetectorSettings
from services.policy.settings import PolicySettings
from services.runtime.settings import RuntimeSettings, Settings

ROOT = Path(__file__).parents[1]
CONFIGURATION = ROOT / "docs" / "configuration.md"
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
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


def test_readme_names_only_commands_that_exist() -> None:
    from services.cli.main import app

    known = {
        info.name or getattr(info.callback, "__name__", "").replace("_", "-")
        for info in app.registered_commands
    } | {group.name for group in app.registered_groups}

    named = set(
        re.findall(r"`truepen ([\w-]+)", (ROOT / "README.md").read_text("utf8"))
    )

    assert named
    assert named <= known
