"""What operations may change at once, without a new ruleset: breakers, kill switch."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.policy.domain.tiers import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """The state of breakers and gates at the instant of a ruling."""

    observe_only: bool = False
    """The kill switch: judge and record, impose nothing."""
    open_rules: frozenset[str] = frozenset()
    """Rules whose breaker is open."""
    open_tiers: frozenset[Tier] = frozenset()
    """Tiers whose breaker is open."""
    earned: Mapping[str, Tier] = field(default_factory=dict)
    """The harshest tier a rule has earned by measured precision; absent: no limit."""


DEFAULT = Switches()
