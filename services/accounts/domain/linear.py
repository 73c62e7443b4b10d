"""A small, robust model: clipped standard scores, summed, calibrated, capped."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.accounts.domain.evidence import Signal

CLIP = 2.5


@dataclass(frozen=True, slots=True)
class Term:
    """One signal's part: `weight` of its standard score, clipped at 2.5.

    `center` and `scale` are the median and the spread among people.
    """

    center: float
    scale: float
    weight: float


@dataclass(frozen=True, slots=True)
class LinearModel:
    """Log-likelihood ratio from signals that may be missing.

    A missing signal adds nothing. `shrink` < 1 keeps the ratio honest on
    platforms that the fit has not seen; `floor` and `cap` bound it.
    """

    terms: Mapping[str, Term]
    intercept: float
    shrink: float
    floor: float
    cap: float

    def contributions(self, signals: Mapping[str, Signal]) -> dict[str, float]:
        """What each signal that speaks adds, before shrinking."""
        found = {}
        for code, term in self.terms.items():
            signal = signals.get(code)
            if signal is not None and signal.value is not None:
                standard = (signal.value - term.center) / term.scale
                found[code] = term.weight * max(-CLIP, min(CLIP, standard))
        return found

    def log_likelihood_ratio(self, contributions: Mapping[str, float]) -> float:
        """Capped natural-log ratio of the sum of *contributions*."""
        total = self.shrink * (self.intercept + sum(contributions.values()))
        return max(self.floor, min(self.cap, total))
