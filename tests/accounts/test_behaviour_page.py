"""The page on behaviour names whatever a profile may say."""

import inspect
import re
from pathlib import Path

import pytest

from services.accounts.domain import channels, facts, profile
from services.accounts.domain.fitted import TEMPLATE, TEMPO

PAGE = Path(__file__).parents[2] / "docs" / "behaviour.md"
CODE = re.compile(r'"([A-Z]+(?:_[A-Z]+)+)"')


def said() -> set[str]:
    """Codes that stand in the modules which give reasons."""
    return {
        code
        for module in (channels, facts, profile)
        for code in CODE.findall(inspect.getsource(module))
    }


@pytest.mark.parametrize(
    "code", sorted(said() | TEMPO.terms.keys() | TEMPLATE.terms.keys())
)
def test_each_reason_and_signal_is_explained(code: str) -> None:
    assert f"`{code}`" in PAGE.read_text(encoding="utf-8")
