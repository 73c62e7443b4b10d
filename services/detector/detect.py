"""The use case: texts in, assessments out."""

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

Scores = tuple[float, ...]  # raw, in the order in which calibrations weigh them


class Arms(Protocol):
    """Cheap arms: they score normalised texts."""

    def score(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """A row a text, a raw score without unit an arm."""
        ...


class Skimmed(Protocol):
    """What an encoder knows of a text after its first layers."""

    @property
    def machine(self) -> float:
        """Raw score of machine against person."""
        ...


class Encoder(Protocol):
    """Reads normalised texts in two steps, so that clear ones cost less."""

    def skim(self, texts: Sequence[str]) -> Sequence[Skimmed]:
        """Read the first layers."""
        ...

    def read(self, skimmed: Sequence[Any]) -> NDArray[np.float32]:
        """Read on: machine-against-person and polish-against-person, a text."""
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
    def ngrams(self) -> Mapping[Language, Arms]:
        """The cheap arms of each language."""
        ...

    @property
    def encoder(self) -> Encoder | None:
        """The encoder, if there is one."""
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
    cheap: Scores = ()
    passage_scores: tuple[Scores, ...] = ()  # cheap arms
    encoded: tuple[int, ...] = ()  # passages that the encoder began to read
    skimmed: tuple[Skimmed, ...] = ()
    read: tuple[tuple[float, float], ...] = ()  # machine and polish, a passage

    def passage(self, index: int) -> str:
        start, end = self.spans[index]
        return self.normal.text[start:end]


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

    def model_card(self) -> Mapping[str, Any]:
        """The card of the model in use, as shipped."""
        return self._model.raw_card

    def detect(self, texts: Sequence[str]) -> list[Assessment]:
        """Assess each text, in order. Any string gets an assessment."""
        cases = [self._prepared(text) for text in texts]
        for language in self._model.card.languages:
            self._score_cheaply([c for c in cases if c.language is language], language)
        if self._model.encoder is not None:
            unclear = [case for case in cases if self._is_unclear(case)]
            self._skim(unclear, self._model.encoder)
            unclear = [case for case in unclear if self._is_unclear(case)]
            self._read(unclear, self._model.encoder)
        return [self._judged(case) for case in cases]

    def read_on(self, texts: Sequence[str]) -> list[Reading | None]:
        """Read each text to its end, however clear, as a calibration needs it.

        None for what gets no verdict: another language, too short, not prose.
        """
        cases = [self._prepared(text) for text in texts]
        for language in self._model.card.languages:
            self._score_cheaply([c for c in cases if c.language is language], language)
        return [self._read_on(case) for case in cases]

    def _read_on(self, case: _Case) -> Reading | None:
        if not case.spans:
            return None
        card, text = self._model.card.languages[case.language], case.normal.text
        if len(text) < card.fewest_chars:
            return None
        if not is_familiar(text, case.language, card.limits):
            return None
        logits = [_logit(case, card)]
        if self._model.encoder is not None:
            for step in (self._skim, self._read):
                step([case], self._model.encoder)
                logits.append(_logit(case, card))
        personal = personal_share(text, case.language) >= card.personal
        return Reading(case.language, len(text), personal, tuple(logits))

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
        for case, own in zip(cases, scores, strict=False):
            case.cheap = tuple(own)
        used = len(cases)
        for case in longer:
            passages_of = scores[used : used + len(case.spans)]
            case.passage_scores = tuple(tuple(own) for own in passages_of)
            used += len(case.spans)

    def _is_unclear(self, case: _Case) -> bool:
        """Whether reading on may change what is said of the text."""
        if not case.spans:
            return False
        card = self._model.card.languages[case.language]
        if len(case.normal.text) < card.fewest_chars:
            return False
        settled = card.settled_early if case.skimmed else card.settled_cheap
        return _logit(case, card) > settled

    def _skim(self, cases: Sequence[_Case], encoder: Encoder) -> None:
        texts: list[str] = []
        for case in cases:
            case.encoded = sampled(len(case.spans), MAX_ENCODED)
            texts += [case.passage(k) for k in case.encoded]
        skimmed = iter(encoder.skim(texts))
        for case in cases:
            case.skimmed = tuple(next(skimmed) for _ in case.encoded)

    def _read(self, cases: Sequence[_Case], encoder: Encoder) -> None:
        scores = encoder.read([one for case in cases for one in case.skimmed])
        rows = iter(scores.tolist())
        for case in cases:
            case.read = tuple(
                (machine, polish)
                for machine, polish in (next(rows) for _ in case.encoded)
            )

    def _judged(self, case: _Case) -> Assessment:
        if not case.spans:
            blank = not case.normal.text.strip()  # which is of no language
            unread = AbstainReason.UNSUPPORTED_LANGUAGE
            return self._abstained(
                case, AbstainReason.TOO_SHORT if blank else unread, 0.5
            )
        card = self._model.card.languages[case.language]
        calibration, scores = _reading(case, card)
        logit = calibration.logit(scores)
        likely = probability(logit)
        if len(case.normal.text) < card.fewest_chars:
            return self._abstained(case, AbstainReason.TOO_SHORT, likely)
        if not is_familiar(case.normal.text, case.language, card.limits):
            return self._abstained(case, AbstainReason.OUT_OF_DISTRIBUTION, likely)
        verdict = calibration.verdict(
            logit,
            polished=bool(case.read) and _polish(case) >= card.polished,
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


def _reading(case: _Case, card: LanguageCard) -> tuple[Calibration, Scores]:
    """The deepest reading there is of a text: its scores, and how to take them."""
    size = len(case.normal.text)
    if case.read:
        machine = sum(machine for machine, _ in case.read) / len(case.read)
        return bucket_for(card.full, size), (*case.cheap, machine)
    if case.skimmed:
        machine = sum(one.machine for one in case.skimmed) / len(case.skimmed)
        return bucket_for(card.early, size), (*case.cheap, machine)
    return bucket_for(card.cheap, size), case.cheap


def _logit(case: _Case, card: LanguageCard) -> float:
    calibration, scores = _reading(case, card)
    return calibration.logit(scores)


def _polish(case: _Case) -> float:
    return sum(polish for _, polish in case.read) / len(case.read)


def _segments(case: _Case, card: LanguageCard) -> tuple[Segment, ...]:
    """Passages of a longer text, by the best scores there are of each."""
    if len(case.spans) < 2:
        return ()
    read = dict(zip(case.encoded, case.read, strict=False))
    skimmed = dict(zip(case.encoded, case.skimmed, strict=False))
    segments = []
    for index, (start, end) in enumerate(case.spans):
        cheap = case.passage_scores[index]
        size = end - start
        if index in read:
            logit = bucket_for(card.full, size).logit((*cheap, read[index][0]))
        elif index in skimmed:
            logit = bucket_for(card.early, size).logit((*cheap, skimmed[index].machine))
        else:
            logit = bucket_for(card.cheap, size).logit(cheap)
        first, last = case.normal.original_span(start, end)
        segments.append(Segment(first, last, probability(logit)))
    return tuple(segments)
