"""The use case: texts in, assessments out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from services.detector.cascade import Cascade, Case
from services.detector.domain.assessment import (
    AbstainReason,
    Assessment,
    Language,
    Segment,
    Verdict,
)
from services.detector.domain.calibration import probability
from services.detector.domain.card import LanguageCard
from services.detector.domain.familiarity import is_familiar
from services.detector.domain.reasons import reasons_for
from services.detector.domain.register import personal_share
from services.detector.scorers import Scorers

IN_PARTS: Final = 0.35  # a passage below this in an AI text: only parts are


@dataclass(frozen=True, slots=True)
class Reading:
    """What a model thinks of a text at each depth of reading, cheapest first."""

    language: Language
    chars: int
    personal: bool
    logits: tuple[float, ...]


class Detector:
    """Judges texts. Stateless, and safe to call from several threads."""

    def __init__(self, model: Scorers) -> None:
        """Judge by *model*."""
        self._model = model
        self._cascade = Cascade(model)

    def model_card(self) -> Mapping[str, Any]:
        """The card of the model in use, as shipped."""
        return self._model.raw_card

    def detect(self, texts: Sequence[str]) -> list[Assessment]:
        """Assess each text, in order. Any string gets an assessment."""
        return [self._judged(case) for case in self._cascade.read(texts)]

    def read_on(self, texts: Sequence[str]) -> list[Reading | None]:
        """Read each text to its end, however clear, as a calibration needs it.

        None for what gets no verdict: another language, too short, not prose.
        """
        return [self._read_on(case) for case in self._cascade.read_cheaply(texts)]

    def _read_on(self, case: Case) -> Reading | None:
        if not case.spans or self._unfit(case) is not None:
            return None
        logits = tuple(self._cascade.read_on(case))
        return Reading(case.language, len(case.text), self._is_personal(case), logits)

    def _unfit(self, case: Case) -> AbstainReason | None:
        """Why nothing is said of a text in a known language, if so."""
        card = self._card(case)
        if len(case.text) < card.fewest_chars:
            return AbstainReason.TOO_SHORT
        if not is_familiar(case.text, case.language, card.limits):
            return AbstainReason.OUT_OF_DISTRIBUTION
        return None

    def _judged(self, case: Case) -> Assessment:
        if not case.spans:
            blank = not case.text.strip()  # which is of no language
            unread = AbstainReason.UNSUPPORTED_LANGUAGE
            return self._abstained(
                case, AbstainReason.TOO_SHORT if blank else unread, 0.5
            )
        card = self._card(case)
        calibration, scores = case.reading(card)
        logit = calibration.logit(scores)
        likely = probability(logit)
        if (unfit := self._unfit(case)) is not None:
            return self._abstained(case, unfit, likely)
        verdict = calibration.verdict(
            logit,
            polished=bool(case.read) and case.polish >= card.polished,
            personal=self._is_personal(case),
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

    def _abstained(self, case: Case, why: AbstainReason, likely: float) -> Assessment:
        marks = case.normal.marks
        undecided = Verdict.UNDECIDED
        known = why is not AbstainReason.NONE
        return Assessment(
            verdict=undecided,
            ai_probability=likely,
            log_likelihood_ratio=0.0,
            language=case.language,
            chars_scored=len(case.text) if case.spans else 0,
            abstain_reason=why,
            reasons=reasons_for(undecided, why, marks, in_parts=False) if known else (),
            segments=(),
            model_version=self._model.card.version,
            model_digest=self._model.digest,
        )

    def _is_personal(self, case: Case) -> bool:
        return personal_share(case.text, case.language) >= self._card(case).personal

    def _card(self, case: Case) -> LanguageCard:
        return self._model.card.languages[case.language]


def _segments(case: Case, card: LanguageCard) -> tuple[Segment, ...]:
    """Passages of a longer text."""
    if len(case.spans) < 2:
        return ()
    spans = zip(case.spans, case.passage_logits(card), strict=True)
    return tuple(
        Segment(*case.normal.original_span(start, end), probability(logit))
        for (start, end), logit in spans
    )
