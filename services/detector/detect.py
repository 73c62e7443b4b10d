"""The use case: texts in, assessments out."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from services.detector.domain.assessment import (
    AbstainReason,
    Assessment,
    Language,
    Segment,
    Verdict,
)
from services.detector.domain.calibration import Calibration, bucket_for, probability
from services.detector.domain.card import Card, LanguageCard
from services.detector.domain.familiarity import is_familiar
from services.detector.domain.language import language_of
from services.detector.domain.reasons import reasons_for
from services.detector.domain.register import personal_share
from services.detector.domain.segments import passages, sampled
from services.detector.domain.text import Normalised, normalise

# Passages of one text that the encoder reads; more would let a single long
# text hold up everybody else's.
MAX_ENCODED: Final = 4
IN_PARTS: Final = 0.35  # a passage below this in an AI text: only parts are


class Arm(Protocol):
    """Scores normalised texts; one row, or number, a text."""

    def score(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Raw scores, without unit."""
        ...


class Scorers(Protocol):
    """What the detector needs of a model."""

    @property
    def card(self) -> Card:
        """How the model judges."""
        ...

    @property
    def raw_card(self) -> Mapping[str, Any]:
        """The card as shipped."""
        ...

    @property
    def digest(self) -> str:
        """SHA-256 over all of the model."""
        ...

    @property
    def ngrams(self) -> Mapping[Language, Arm]:
        """The cheap arm of each language: one score a text."""
        ...

    @property
    def encoder(self) -> Arm | None:
        """Machine-against-person and polish-against-person scores, if there."""
        ...

    def identify(self, text: str) -> tuple[str, float]:
        """Most likely language and its probability."""
        ...


@dataclass(slots=True)
class _Case:
    """One text on its way through the arms."""

    normal: Normalised
    language: Language
    spans: tuple[tuple[int, int], ...] = ()
    passage_scores: tuple[float, ...] = ()  # cheap arm
    cheap: float = 0.0
    encoded: tuple[int, ...] = ()  # passages that the encoder read
    encoder_scores: tuple[tuple[float, float], ...] = ()

    def passage(self, index: int) -> str:
        start, end = self.spans[index]
        return self.normal.text[start:end]


class Detector:
    """Judges texts. Stateless, and safe to call from several threads."""

    def __init__(self, model: Scorers) -> None:
        """Judge by *model*."""
        self._model = model

    def model_card(self) -> Mapping[str, Any]:
        """The card of the model in use, as shipped."""
        return self._model.raw_card

    def detect(self, texts: Sequence[str]) -> list[Assessment]:
        """Assess each text, in order. Any string gets an assessment."""
        cases = [self._prepared(text) for text in texts]
        for language in self._model.card.languages:
            self._score_cheaply([c for c in cases if c.language is language], language)
        self._score_fully([c for c in cases if self._needs_encoder(c)])
        return [self._judged(case) for case in cases]

    def _prepared(self, text: str) -> _Case:
        normal = normalise(text)
        language = language_of(normal.text, self._model.identify)
        case = _Case(normal, language)
        if language in self._model.card.languages:
            case.spans = passages(normal.text, language)
        return case

    def _score_cheaply(self, cases: Sequence[_Case], language: Language) -> None:
        """Whole texts and, of longer ones, each passage, in one run of the arm."""
        if not cases:
            return
        texts = [case.normal.text for case in cases]
        longer = [case for case in cases if len(case.spans) > 1]
        for case in longer:
            texts += [case.passage(k) for k in range(len(case.spans))]
        scores = self._model.ngrams[language].score(texts).tolist()
        for case, score in zip(cases, scores, strict=False):
            case.cheap = score
        used = len(cases)
        for case in longer:
            case.passage_scores = tuple(scores[used : used + len(case.spans)])
            used += len(case.spans)

    def _needs_encoder(self, case: _Case) -> bool:
        if self._model.encoder is None or not case.spans:
            return False
        card = self._model.card.languages[case.language]
        size = len(case.normal.text)
        if size < card.fewest_chars:
            return False
        cheap = bucket_for(card.cheap, size).logit((case.cheap,))
        return cheap > card.settled

    def _score_fully(self, cases: Sequence[_Case]) -> None:
        encoder = self._model.encoder
        if encoder is None or not cases:
            return
        texts: list[str] = []
        for case in cases:
            case.encoded = sampled(len(case.spans), MAX_ENCODED)
            texts += [case.passage(k) for k in case.encoded]
        scores = encoder.score(texts).tolist()
        used = 0
        for case in cases:
            own = scores[used : used + len(case.encoded)]
            case.encoder_scores = tuple((machine, polish) for machine, polish in own)
            used += len(case.encoded)

    def _judged(self, case: _Case) -> Assessment:
        if not case.spans:
            return self._abstained(case, AbstainReason.UNSUPPORTED_LANGUAGE, 0.5)
        card = self._model.card.languages[case.language]
        calibration, scores, polish = _evidence_of(case, card)
        logit = calibration.logit(scores)
        likely = probability(logit)
        if len(case.normal.text) < card.fewest_chars:
            return self._abstained(case, AbstainReason.TOO_SHORT, likely)
        if not is_familiar(case.normal.text, case.language, card.limits):
            return self._abstained(case, AbstainReason.OUT_OF_DISTRIBUTION, likely)
        verdict = calibration.verdict(
            logit,
            polished=polish >= card.polished,
            personal=personal_share(case.normal.text, case.language) >= card.personal,
        )
        undecided = verdict is Verdict.UNDECIDED
        why = AbstainReason.LOW_CONFIDENCE if undecided else AbstainReason.NONE
        judged = self._abstained(case, why, likely)
        segments = _segments(case, card)
        in_parts = any(s.ai_probability < IN_PARTS for s in segments)
        return replace(
            judged,
            verdict=verdict,
            log_likelihood_ratio=calibration.evidence(logit),
            segments=segments,
            reasons=reasons_for(verdict, why, case.normal.marks, in_parts=in_parts),
        )

    def _abstained(self, case: _Case, why: AbstainReason, likely: float) -> Assessment:
        marks = case.normal.marks
        undecided = Verdict.UNDECIDED
        known = why is not AbstainReason.NONE
        return Assessment(
            verdict=undecided,
            ai_probability=likely,
            log_likelihood_ratio=0.0,
            language=case.language,
            chars_scored=len(case.normal.text) if case.spans else 0,
            abstain_reason=why,
            reasons=reasons_for(undecided, why, marks, in_parts=False) if known else (),
            segments=(),
            evasion_marks=marks,
            model_version=self._model.card.version,
            model_digest=self._model.digest,
        )


def _evidence_of(
    case: _Case, card: LanguageCard
) -> tuple[Calibration, tuple[float, ...], float]:
    """The calibration to use, the scores it takes, and how polished it reads."""
    size = len(case.normal.text)
    if not case.encoder_scores:
        return bucket_for(card.cheap, size), (case.cheap,), -math.inf
    machine, polish = np.mean(case.encoder_scores, axis=0).tolist()
    return bucket_for(card.full, size), (case.cheap, machine), polish


def _segments(case: _Case, card: LanguageCard) -> tuple[Segment, ...]:
    """Passages of a longer text, by the best scores there are of each."""
    if len(case.spans) < 2:
        return ()
    encoded = dict(zip(case.encoded, case.encoder_scores, strict=True))
    segments = []
    for index, (start, end) in enumerate(case.spans):
        cheap = case.passage_scores[index]
        if index in encoded:
            calibration = bucket_for(card.full, end - start)
            logit = calibration.logit((cheap, encoded[index][0]))
        else:
            logit = bucket_for(card.cheap, end - start).logit((cheap,))
        first, last = case.normal.original_span(start, end)
        segments.append(Segment(first, last, probability(logit)))
    return tuple(segments)
