"""What the detector says about one text."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """The detector's word about a text. UNDECIDED is an answer, not a failure."""

    HUMAN = "HUMAN"
    AI_ASSISTED = "AI_ASSISTED"
    AI_GENERATED = "AI_GENERATED"
    UNDECIDED = "UNDECIDED"


class AbstainReason(StrEnum):
    """Why a text is UNDECIDED."""

    NONE = ""
    TOO_SHORT = "TOO_SHORT"
    UNSUPPORTED_LANGUAGE = "UNSUPPORTED_LANGUAGE"
    OUT_OF_DISTRIBUTION = "OUT_OF_DISTRIBUTION"
    LOW_CONFIDENCE = "LOW_CONFIDENCE"


class Language(StrEnum):
    """What a text is written in; OTHER is everything the detector cannot read."""

    ZH = "zh"
    EN = "en"
    OTHER = "und"


@dataclass(frozen=True, slots=True)
class Reason:
    """A stable *code* and what it means, in both languages."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A passage of the text as submitted, and how machine-made it reads.

    `start` and `end` count code points of the original; segments follow each
    other without gap or overlap.
    """

    start: int
    end: int
    ai_probability: float


@dataclass(frozen=True, slots=True)
class Assessment:
    """One text, judged.

    `ai_probability` is calibrated in [0, 1], 1 meaning surely machine-written,
    for a population half of which is machine-written. It is a number whatever
    the verdict. `log_likelihood_ratio` is natural, capped, above zero where
    the text speaks for a machine, and 0 where the detector abstains because it
    cannot read the text: that is what may be added up over an account.
    """

    verdict: Verdict
    ai_probability: float
    log_likelihood_ratio: float
    language: Language
    chars_scored: int
    abstain_reason: AbstainReason
    reasons: tuple[Reason, ...]
    segments: tuple[Segment, ...]
    model_version: str
    model_digest: str
