"""Reads texts as far as each needs: the cheap arms, then the encoder in two steps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from services.detector.domain.assessment import Language
from services.detector.domain.calibration import Calibration, bucket_for
from services.detector.domain.card import LanguageCard
from services.detector.domain.language import language_of
from services.detector.domain.segments import passages, sampled
from services.detector.domain.text import Normalised, normalise
from services.detector.scorers import Encoder, Scorers, Skimmed

# Passages of one text that the encoder reads; more would let a single long
# text hold up everybody else's.
MAX_ENCODED: Final = 4

Scores = tuple[float, ...]  # raw, in the order in which calibrations weigh them


@dataclass(slots=True)
class Case:
    """One text on its way through the arms."""

    normal: Normalised
    language: Language
    spans: tuple[tuple[int, int], ...] = ()
    cheap: Scores = ()
    passage_scores: tuple[Scores, ...] = ()  # cheap arms
    encoded: tuple[int, ...] = ()  # passages that the encoder began to read
    skimmed: tuple[Skimmed, ...] = ()
    read: tuple[tuple[float, float], ...] = ()  # machine and polish, a passage

    @property
    def text(self) -> str:
        """The text as the arms read it."""
        return self.normal.text

    @property
    def polish(self) -> float:
        """How far a machine polished it, raw; only of what was read to its end."""
        return sum(polish for _, polish in self.read) / len(self.read)

    def passage(self, index: int) -> str:
        """Return one of its passages."""
        start, end = self.spans[index]
        return self.normal.text[start:end]

    def reading(self, card: LanguageCard) -> tuple[Calibration, Scores]:
        """Return the scores of the deepest reading there is, and how to take them."""
        size = len(self.text)
        if self.read:
            machine = sum(machine for machine, _ in self.read) / len(self.read)
            return bucket_for(card.full, size), (*self.cheap, machine)
        if self.skimmed:
            machine = sum(one.machine for one in self.skimmed) / len(self.skimmed)
            return bucket_for(card.early, size), (*self.cheap, machine)
        return bucket_for(card.cheap, size), self.cheap

    def logit(self, card: LanguageCard) -> float:
        """Return the calibrated logit of machine against person."""
        calibration, scores = self.reading(card)
        return calibration.logit(scores)

    def passage_logits(self, card: LanguageCard) -> list[float]:
        """Return the logit of each passage, by the best scores there are of it."""
        read = dict(zip(self.encoded, self.read, strict=False))
        skimmed = dict(zip(self.encoded, self.skimmed, strict=False))
        logits = []
        for index, (start, end) in enumerate(self.spans):
            cheap, size = self.passage_scores[index], end - start
            if index in read:
                found = bucket_for(card.full, size).logit((*cheap, read[index][0]))
            elif index in skimmed:
                early = skimmed[index].machine
                found = bucket_for(card.early, size).logit((*cheap, early))
            else:
                found = bucket_for(card.cheap, size).logit(cheap)
            logits.append(found)
        return logits


class Cascade:
    """Reads texts by one model."""

    def __init__(self, model: Scorers) -> None:
        """Read by *model*."""
        self._model = model

    def read(self, texts: Sequence[str]) -> list[Case]:
        """Read each text until more would not change what is said of it."""
        cases = self.read_cheaply(texts)
        for step in self._steps():
            step([case for case in cases if self._is_unclear(case)])
        return cases

    def read_cheaply(self, texts: Sequence[str]) -> list[Case]:
        """Read by the cheap arms alone."""
        cases = [self._prepared(text) for text in texts]
        for language in self._model.card.languages:
            self._score_cheaply([c for c in cases if c.language is language], language)
        return cases

    def read_on(self, case: Case) -> list[float]:
        """Read *case* to its end, however clear; its logit at each depth."""
        card = self._model.card.languages[case.language]
        logits = [case.logit(card)]
        for step in self._steps():
            step([case])
            logits.append(case.logit(card))
        return logits

    def _steps(self) -> tuple[Callable[[Sequence[Case]], None], ...]:
        """Return how the encoder reads, first layers first; none without one."""
        encoder = self._model.encoder
        if encoder is None:
            return ()
        return partial(_skim, encoder), partial(_read, encoder)

    def _prepared(self, text: str) -> Case:
        normal = normalise(text)
        language = language_of(normal.text, self._model.identify)
        case = Case(normal, language)
        if language in self._model.card.languages:
            case.spans = passages(normal.text, language)
        return case

    def _score_cheaply(self, cases: Sequence[Case], language: Language) -> None:
        """Whole texts and, of longer ones, each passage, in one run of the arm."""
        if not cases:
            return
        texts = [case.text for case in cases]
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

    def _is_unclear(self, case: Case) -> bool:
        """Whether reading on may change what is said of the text."""
        if not case.spans:
            return False
        card = self._model.card.languages[case.language]
        if len(case.text) < card.fewest_chars:
            return False
        settled = card.settled_early if case.skimmed else card.settled_cheap
        return case.logit(card) > settled


def _skim(encoder: Encoder, cases: Sequence[Case]) -> None:
    texts: list[str] = []
    for case in cases:
        case.encoded = sampled(len(case.spans), MAX_ENCODED)
        texts += [case.passage(k) for k in case.encoded]
    skimmed = iter(encoder.skim(texts))
    for case in cases:
        case.skimmed = tuple(next(skimmed) for _ in case.encoded)


def _read(encoder: Encoder, cases: Sequence[Case]) -> None:
    scores = encoder.read([one for case in cases for one in case.skimmed])
    rows = iter(scores.tolist())
    for case in cases:
        case.read = tuple(
            (machine, polish) for machine, polish in (next(rows) for _ in case.encoded)
        )
