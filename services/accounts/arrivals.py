"""What comes in: an activity, and what is kept of it."""

from enum import IntEnum
from typing import NamedTuple

from services.accounts.domain.activities import (
    WRITINGS,
    Activity,
    ActivityType,
    ClientKind,
    InputMode,
    LabelKind,
)

SCORED_TYPES = WRITINGS | {ActivityType.EDIT}


class ScoreState(IntEnum):
    """Where the scoring of a text stands; numbers of the contract."""

    NOT_APPLICABLE = 1
    PENDING = 2
    SCORED = 3
    DEAD_LETTER = 4
    ERASED = 5


class Arrival(NamedTuple):
    """An activity, ready to be recorded.

    `facts` is what is kept of it besides columns, opaque here; `digest` tells
    another body under the same id, as `other_digests` do under other keys;
    `text` is what the detector is to score, empty where it is not to.
    """

    activity: Activity
    facts: bytes
    digest: bytes
    text: str = ""
    other_digests: tuple[bytes, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Account and id."""
        return self.activity.account, self.activity.id


def is_hard(activity: Activity) -> bool:
    """Say whether the platform itself asserts that a machine was at work.

    Such evidence is urgent: followers evaluate at once.
    """
    composed, published = activity.composed_with, activity.published_with
    if published is not None and published.kind is ClientKind.HOSTING_TOOL:
        return True
    if composed is not None and (
        composed.kind is ClientKind.HOSTING_TOOL
        or composed.input is InputMode.GENERATED
    ):
        return True
    return activity.label is not None and activity.label.kind is LabelKind.GENERATED
