"""The ruleset that an operator names is one, or the setting is named."""

from pathlib import Path

import pytest

from services.policy.settings import PolicySettings
from services.policy.shipped import shipped_text
from services.runtime.settings import SettingsError


@pytest.mark.parametrize("content", [None, b"rules: : no", b"\xff\xfe"])
def test_a_file_that_is_no_ruleset_is_named(
    tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "rules.yaml"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(SettingsError, match=r"TRUEPEN_POLICY_RULESET.*rules\.yaml"):
        shipped_text(PolicySettings(ruleset=file))
