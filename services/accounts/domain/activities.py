"""What an account did, and what the detector said about its text.

Enums carry the numbers of `truepen.accounts.v1`, so that converting is a cast;
0 always means that nothing is known.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import NamedTuple

from services.accounts.domain.fingerprints import Fingerprint
from services.accounts.domain.times import from_us


class ActivityType(IntEnum):
    """What an account did. OTHER makes no claim about content."""

    NOTE = 1
    COMMENT = 2
    LIKE = 3
    FOLLOW = 4
    MESSAGE = 5
    GROUP_MESSAGE = 6
    EDIT = 7
    REPOST = 8
    REGISTER = 9
    LOGIN = 10
    PROFILE_EDIT = 11
    CREDENTIAL_CHANGE = 12
    DEVICE_BIND = 13
    OTHER = 14


INTERACTIONS = frozenset(
    {
        ActivityType.COMMENT,
        ActivityType.LIKE,
        ActivityType.FOLLOW,
        ActivityType.MESSAGE,
        ActivityType.GROUP_MESSAGE,
    }
)
CO_ACTIONS = frozenset(
    {
        ActivityType.COMMENT,
        ActivityType.LIKE,
        ActivityType.FOLLOW,
        ActivityType.REPOST,
        ActivityType.OTHER,
    }
)
"""What two accounts can do to one object without talking to each other."""
WRITINGS = frozenset(
    {
        ActivityType.NOTE,
        ActivityType.COMMENT,
        ActivityType.MESSAGE,
        ActivityType.GROUP_MESSAGE,
    }
)
ACCOUNT_UPKEEP = frozenset(
    {
        ActivityType.REGISTER,
        ActivityType.LOGIN,
        ActivityType.PROFILE_EDIT,
        ActivityType.CREDENTIAL_CHANGE,
        ActivityType.DEVICE_BIND,
    }
)


class ClientKind(IntEnum):
    """What kind of program a client is, as the platform asserts."""

    UNSPECIFIED = 0
    APP = 1
    WEB = 2
    API = 3
    SCHEDULER = 4
    HOSTING_TOOL = 5
    UNKNOWN = 6


class Attestation(IntEnum):
    """Whether the platform's attestation of a client passed."""

    UNSPECIFIED = 0
    PASSED = 1
    FAILED = 2
    ABSENT = 3


class InputMode(IntEnum):
    """How a text came to be in a client. PASTED is neutral."""

    UNSPECIFIED = 0
    TYPED = 1
    PASTED = 2
    GENERATED = 3
    UNKNOWN = 4


class Visibility(IntEnum):
    """Who can see a piece of content."""

    UNSPECIFIED = 0
    PUBLIC = 1
    FOLLOWERS = 2
    PRIVATE = 3


class ContentKind(IntEnum):
    """Kinds of content that are no claim to be a person's own words."""

    UNSPECIFIED = 0
    DECLARED_AI_ART = 1
    QUOTATION = 2
    TRANSLATION = 3
    TEMPLATE = 4


class LabelKind(IntEnum):
    """`Label` of GB 45438-2025, Appendix E: how sure the marking party is."""

    NONE = 0
    GENERATED = 1
    LIKELY = 2
    SUSPECTED = 3


class Verdict(StrEnum):
    """The detector's word on a text."""

    HUMAN = "HUMAN"
    AI_ASSISTED = "AI_ASSISTED"
    AI_GENERATED = "AI_GENERATED"
    UNDECIDED = "UNDECIDED"


class AccountKind(IntEnum):
    """What stands behind an account; UNSPECIFIED is treated as a person."""

    UNSPECIFIED = 0
    PERSON = 1
    ORGANISATION = 2
    DECLARED_BOT = 3


class Client(NamedTuple):
    """A program, as the platform (never the user) asserts it."""

    kind: ClientKind = ClientKind.UNSPECIFIED
    app_id: str = ""
    version: str = ""
    attestation: Attestation = Attestation.UNSPECIFIED
    input: InputMode = InputMode.UNSPECIFIED
    device_hash: str = ""
    network_hash: str = ""
    session_id: str = ""


@dataclass(frozen=True, slots=True)
class AigcLabel:
    """Provenance metadata found in content (GB 45438-2025, Appendix E)."""

    kind: LabelKind
    producer: str = ""
    produce_id: str = ""
    propagator: str = ""
    propagate_id: str = ""


class Target(NamedTuple):
    """What an activity was done to, and when that was made, in microseconds."""

    content: str = ""
    account: str = ""
    parent: str = ""
    create_us: int | None = None


class Activity(NamedTuple):
    """One thing an account did, `event_us` microseconds after 1970.

    A tuple, as its parts are: batches bring thousands, and a frozen dataclass
    takes four times as long to make. `fingerprint` stands for the text, which
    the fold never needs; `text_length` counts its characters, also where only
    a length is known.
    An EDIT names the content it replaces in `target.content`; one without a
    text is a deletion.
    """

    id: str
    account: str
    type: ActivityType
    event_us: int
    target: Target | None = None
    text_length: int = 0
    fingerprint: Fingerprint | None = None
    declared_ai: bool | None = None
    label: AigcLabel | None = None
    visibility: Visibility = Visibility.UNSPECIFIED
    content_kind: ContentKind = ContentKind.UNSPECIFIED
    composed_with: Client | None = None
    published_with: Client | None = None

    @property
    def event_time(self) -> datetime:
        """When it was done."""
        return from_us(self.event_us)

    @property
    def content_id(self) -> str:
        """Id of the content whose text this is: an EDIT's is its target's."""
        if self.type is ActivityType.EDIT and self.target and self.target.content:
            return self.target.content
        return self.id


@dataclass(frozen=True, slots=True)
class Score:
    """The detector's word on one version of a text.

    `activity_id` is `Activity.content_id` and `text_time` the event time of
    the activity that brought this version, so that an edit replaces the score
    of what it edits. `log_likelihood_ratio` is natural, capped by the
    detector, of AI-made against written by a person; 0 says nothing.
    """

    activity_id: str
    text_time: datetime
    log_likelihood_ratio: float
    ai_probability: float
    verdict: Verdict
    language: str
    chars_scored: int
    model_digest: str
    score_time: datetime
    shadow: bool = False
