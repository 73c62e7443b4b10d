"""What detector may answer about a text."""

from dataclasses import dataclass
from datetime import datetime

from services.accounts.domain.activities import Score


@dataclass(frozen=True, slots=True)
class Version:
    """Which version of which content a text is."""

    content: str
    text_time: datetime


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why detector has no word on a text; `error` is opaque here.

    `passing`: the text is not at fault and may be scored later.
    """

    error: bytes
    passing: bool


Outcome = tuple[Score, ...] | Refusal
"""The score that counts, then those of models in shadow."""
