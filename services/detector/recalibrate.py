"""The use case: a platform's own labelled texts in, a model fitted to them out.

Every population has its own tail. What a model was calibrated on is never quite
a platform's own people, so a platform that has texts of theirs fits thresholds
and evidence anew. The weights stay; only the card changes, and with it the
digest: to every caller it is another model.
"""

import copy
import hashlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.stats import beta

from services.detector.detect import Reading
from services.detector.domain.assessment import Verdict
from services.detector.domain.calibration import LOGIT_CAP, Calibration, bucket_for
from services.detector.domain.card import Card, LanguageCard
from services.detector.domain.fitting import (
    HUMAN,
    MACHINE,
    Sample,
    balanced,
    honest_evidence,
    straightened,
    thresholds,
)

FEWEST_PEOPLE: Final = 200  # of a language and about one length, to fit anything
FEWEST_MACHINES: Final = 100  # to move probabilities, not thresholds alone
REPORTED: Final = 1 / 3  # share of authors whom nothing is fitted on
DEPTHS: Final = ("cheap", "early", "full")
Read = Callable[[Sequence[str]], list[Reading | None]]


@dataclass(frozen=True, slots=True)
class Known:
    """A text whose origin the platform knows."""

    author: str  # texts of one author stay on one side of the split
    text: str
    label: str  # human, ai or mixed
    population: str


@dataclass(frozen=True, slots=True)
class Rates:
    """What a card does to texts that it was not fitted on."""

    people: int
    accused: int  # of these, called AI_GENERATED
    accused_at_most: float  # one-sided exact 95 % bound of their share
    mean_ratio: float  # average likelihood ratio of people; above 1 is unfair
    machines: int
    found: int

    def told(self) -> dict[str, Any]:
        """As the model card says it; shares and counts, no share of nothing."""
        return {
            "people": self.people,
            "false_positives": self.accused,
            "false_positive_rate_at_most": round(self.accused_at_most, 5),
            "mean_ratio_of_people": round(self.mean_ratio, 4),
            "machines": self.machines,
            "found": self.found,
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """The new card, and before and after for each language, on other authors."""

    card: dict[str, Any]
    before: Mapping[str, Rates]
    after: Mapping[str, Rates]
    left_out: int  # texts that get no verdict


def recalibrate(raw: Mapping[str, Any], texts: Sequence[Known], read: Read) -> Outcome:
    """Fit the card *raw* to *texts*, as its own model *read*s them."""
    readings = read([known.text for known in texts])
    pairs = [
        (known, reading)
        for known, reading in zip(texts, readings, strict=True)
        if reading is not None
    ]
    fitted = copy.deepcopy(dict(raw))
    before, after = {}, {}
    for language, card in Card.parse(raw).languages.items():
        own = [pair for pair in pairs if pair[1].language is language]
        fit = [pair for pair in own if not is_reported(pair[0].author)]
        reported = [pair for pair in own if is_reported(pair[0].author)]
        new = fitted["languages"][language.value]
        for depth, name in enumerate(DEPTHS):
            for bucket in _refitted(new[name], depth, fit):
                bucket["fitted_on"]["platform"] = True
        judged = Card.parse(fitted).languages[language]
        before[language.value] = rates(card, card, reported)
        after[language.value] = rates(judged, card, reported)
    fitted["metrics"] = {name: found.told() for name, found in after.items()}
    return Outcome(fitted, before, after, len(texts) - len(pairs))


def is_reported(author: str) -> bool:
    """Whether the texts of *author* are kept from the fit, to report on."""
    drawn = int.from_bytes(hashlib.sha256(author.encode()).digest()[:4], "big")
    return drawn / 2**32 < REPORTED


def _refitted(
    buckets: list[dict[str, Any]],
    depth: int,
    pairs: Sequence[tuple[Known, Reading]],
) -> Iterator[dict[str, Any]]:
    """Change each of *buckets* that the texts say enough about, and yield it."""
    for index, bucket in enumerate(buckets):
        low = bucket["min_chars"]
        high = buckets[index + 1]["min_chars"] if index + 1 < len(buckets) else math.inf
        near = [p for p in pairs if low * 0.7 <= p[1].chars < high * 1.4]
        if sum(known.label == HUMAN for known, _ in near) < FEWEST_PEOPLE:
            continue
        sample = _sample(near, depth)
        if depth == len(DEPTHS) - 1:
            # The shallower depths keep their scale: the cascade's limits are on it.
            sample = _straighten(bucket, sample)
        bucket["evidence_slope"], bucket["evidence_shift"] = honest_evidence(sample)
        bucket["thresholds"] = thresholds(sample)
        yield bucket


def _sample(pairs: Sequence[tuple[Known, Reading]], depth: int) -> Sample:
    return Sample(
        np.array([reading.logits[depth] for _, reading in pairs]),
        np.array([known.label for known, _ in pairs]),
        np.array([known.population for known, _ in pairs]),
        np.array([reading.personal for _, reading in pairs]),
    )


def _straighten(bucket: dict[str, Any], sample: Sample) -> Sample:
    """Move *bucket* to the scale on which probabilities hold; *sample* with it."""
    machine = sample.label == MACHINE
    if machine.sum() < FEWEST_MACHINES:
        return sample
    weight = balanced(sample.population, machine)
    slope, shift = straightened(sample.logit, machine, weight)
    bucket["weights"] = [round(slope * w, 5) for w in bucket["weights"]]
    bucket["intercept"] = round(slope * bucket["intercept"] + shift, 5)
    logit = np.clip(slope * sample.logit + shift, -LOGIT_CAP, LOGIT_CAP)
    return Sample(logit, sample.label, sample.population, sample.personal)


def rates(
    card: LanguageCard, shipped: LanguageCard, pairs: Sequence[tuple[Known, Reading]]
) -> Rates:
    """What *card* says of texts that *shipped* read; they differ in calibration."""
    people = machines = accused = found = 0
    ratios = []
    for known, reading in pairs:
        calibration = bucket_for(card.full or card.cheap, reading.chars)
        old = bucket_for(shipped.full or shipped.cheap, reading.chars)
        logit = _moved(reading.logits[-1], old, calibration)
        verdict = calibration.verdict(logit, polished=False, personal=reading.personal)
        called = verdict is Verdict.AI_GENERATED
        if known.label == HUMAN:
            people += 1
            accused += called
            ratios.append(math.exp(calibration.evidence(logit)))
        elif known.label == MACHINE:
            machines += 1
            found += called
    bound = 1.0 if accused == people else beta.ppf(0.95, accused + 1, people - accused)
    mean = sum(ratios) / people if people else 0.0
    return Rates(people, int(accused), float(bound), mean, machines, int(found))


def _moved(logit: float, old: Calibration, new: Calibration) -> float:
    """A logit on the scale of *old*, on that of *new*: lines of the same scores."""
    if not old.weights[-1]:
        return logit
    slope = new.weights[-1] / old.weights[-1]
    moved = slope * (logit - old.intercept) + new.intercept
    return max(-LOGIT_CAP, min(LOGIT_CAP, moved))
