"""The model card as values: what serving needs to know about a model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from services.detector.domain.assessment import Language
from services.detector.domain.calibration import Calibration, Thresholds
from services.detector.domain.familiarity import Limits
from services.detector.domain.ngrams import NgramSpec, Unit


@dataclass(frozen=True, slots=True)
class LanguageCard:
    """How texts of one language are scored and judged.

    There is a calibration for each depth of reading: `cheap` for the n-gram
    scores alone, `early` with the encoder's first layers, `full` with all of
    it; the last two are empty for a model without an encoder. A text whose
    logit is at most `settled_cheap`, or `settled_early`, is clearly a person's
    and is read no further.
    """

    ngrams: tuple[NgramSpec, ...]
    cheap: tuple[Calibration, ...]
    early: tuple[Calibration, ...]
    full: tuple[Calibration, ...]
    settled_cheap: float
    settled_early: float
    personal: float  # personal share from which a text speaks as posts do
    polished: float  # polish score from which a text reads as edited
    fewest_chars: int
    limits: Limits


@dataclass(frozen=True, slots=True)
class Card:
    """A model's version and, for each language, how it judges."""

    version: str
    languages: Mapping[Language, LanguageCard]

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Self:
        """Read a card; KeyError, TypeError or ValueError where it is malformed."""
        languages = {Language(n): _language(v) for n, v in raw["languages"].items()}
        return cls(raw["version"], languages)


def _language(raw: Mapping[str, Any]) -> LanguageCard:
    return LanguageCard(
        ngrams=tuple(_ngrams(n) for n in raw["ngrams"]),
        cheap=tuple(_calibration(c) for c in raw["cheap"]),
        early=tuple(_calibration(c) for c in raw["early"]),
        full=tuple(_calibration(c) for c in raw["full"]),
        settled_cheap=float(raw["settled_cheap"]),
        settled_early=float(raw["settled_early"]),
        personal=float(raw["personal"]),
        polished=float(raw["polished"]),
        fewest_chars=int(raw["fewest_chars"]),
        limits=Limits(**raw["limits"]),
    )


def _ngrams(raw: Mapping[str, Any]) -> NgramSpec:
    return NgramSpec(**{**raw, "unit": Unit(raw["unit"])})


def _calibration(raw: Mapping[str, Any]) -> Calibration:
    return Calibration(
        min_chars=int(raw["min_chars"]),
        weights=tuple(float(w) for w in raw["weights"]),
        intercept=float(raw["intercept"]),
        evidence_slope=float(raw["evidence_slope"]),
        evidence_shift=float(raw["evidence_shift"]),
        thresholds=Thresholds(**raw["thresholds"]),
    )
