"""Turns raw scores into a probability, a likelihood ratio and a verdict.

Calibrations are fitted on people and machines that the scoring models never
saw, one for each language and range of lengths; the numbers are part of the
model card.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.detector.domain.assessment import Verdict

# One text never says more than 20 to 1, either way: a detector's errors on one
# author are not independent, and nobody is banned for a single post.
EVIDENCE_CAP: Final = math.log(20)
LOGIT_CAP: Final = 9.0


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where verdicts change, on the calibrated logit. Infinity: never."""

    human: float  # at or below: HUMAN
    generated: float  # at or above: AI_GENERATED, for formal prose
    generated_personal: float  # the same, for texts that speak personally


@dataclass(frozen=True, slots=True)
class Calibration:
    """For texts of at least *min_chars* normalised characters of one language."""

    min_chars: int
    weights: tuple[float, ...]  # one a score, in the arms' order
    intercept: float
    evidence_slope: float
    evidence_shift: float
    thresholds: Thresholds

    def logit(self, scores: Sequence[float]) -> float:
        """Calibrated log odds of machine against person, both equally common."""
        pairs = zip(self.weights, scores, strict=True)
        raw = self.intercept + sum(weight * score for weight, score in pairs)
        return max(-LOGIT_CAP, min(LOGIT_CAP, raw))

    def evidence(self, logit: float) -> float:
        """Natural log-likelihood ratio, shrunk until unseen people average <= 1."""
        raw = self.evidence_slope * logit - self.evidence_shift
        return max(-EVIDENCE_CAP, min(EVIDENCE_CAP, raw))

    def verdict(self, logit: float, *, polished: bool, personal: bool) -> Verdict:
        """Rule on a calibrated *logit*.

        *polished*: reads as edited by a machine; *personal*: speaks as posts do.
        """
        limits = self.thresholds
        if logit >= (limits.generated_personal if personal else limits.generated):
            return Verdict.AI_GENERATED
        if polished:
            return Verdict.AI_ASSISTED
        if logit <= limits.human:
            return Verdict.HUMAN
        return Verdict.UNDECIDED


def probability(logit: float) -> float:
    """The share of machine-written texts among those that score *logit*."""
    return 1.0 / (1.0 + math.exp(-logit))


def bucket_for(calibrations: Sequence[Calibration], chars: int) -> Calibration:
    """The calibration for a text of *chars*; *calibrations* ascend by length."""
    fitting = [c for c in calibrations if c.min_chars <= chars]
    return fitting[-1] if fitting else calibrations[0]
