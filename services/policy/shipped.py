"""The ruleset to begin with: the shipped one, with what the settings replace."""

from functools import lru_cache
from pathlib import Path

import yaml

from services.policy.domain.rulefile import load_ruleset
from services.policy.domain.ruleset import Ruleset
from services.policy.domain.yamlnodes import InvalidRuleset
from services.policy.errors import RulesetInvalid
from services.policy.settings import PolicySettings
from services.runtime.settings import SettingsError

DEFAULT = Path(__file__).parent / "rulesets" / "default.yaml"


@lru_cache(maxsize=64)
def compiled(text: str) -> Ruleset:
    """Compile *text*. Raises RulesetInvalid with every problem found."""
    try:
        return load_ruleset(text)
    except InvalidRuleset as error:
        raise RulesetInvalid(error.problems) from None


def shipped_text(settings: PolicySettings) -> str:
    """Return the YAML to begin with, replaced values included.

    The whole text is kept, so that a decision names by digest what really applied.
    Raises SettingsError where it is no ruleset.
    """
    text = _read(settings.ruleset) if settings.ruleset else DEFAULT.read_text("utf-8")
    if settings.step_interval is None and settings.effective_time is None:
        return text
    content = yaml.safe_load(text)
    if settings.step_interval is not None:
        seconds = f"{settings.step_interval:g}s"
        content.setdefault("ladder", {})["step_interval"] = seconds
    if settings.effective_time is not None:
        content["effective_time"] = settings.effective_time
    replaced: str = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
    return replaced


def _read(file: Path) -> str:
    try:
        text = file.read_text("utf-8")
        compiled(text)
    except (OSError, ValueError, RulesetInvalid) as error:
        raise SettingsError([f"TRUEPEN_POLICY_RULESET: {file}: {error}"]) from error
    return text
