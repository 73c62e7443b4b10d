"""Who acts on a decision, a case or a ruleset."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Caller:
    """A person or a program, as authenticated, and the instant it acts at."""

    identity: str
    now: datetime
