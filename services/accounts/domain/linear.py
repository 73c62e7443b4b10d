"""A small, robust model: clipped standard scores, summed, calibrated, capped."""

from collections.abc import Mapping
from dataclasses import dataclass

from scipy.special import ndtri

from services.accounts.domain.evidence import Signal

CLIP = 2.5


@dataclass(frozen=True, slots=True)
class Term:
    """One signal's part: `weight` of its standard score, clipped at 2.5.

    `center` and `scale` are the median and the spread among people. A
    `relative` term is a platform's habit: it is silent until the platform's
    own population is attached.
    """

    center: float
    scale: float
    weight: float
    relative: bool = False


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
                found[code] = term.weight * _standard(
                    signal.value, signal.percentile, term
                )
        return found

    def log_likelihood_ratio(self, contributions: Mapping[str, float]) -> float:
        """Capped natural-log ratio of the sum of *contributions*."""
        total = self.shrink * (self.intercept + sum(contributions.values()))
        return max(self.floor, min(self.cap, total))


def _standard(value: float, percentile: float | None, term: Term) -> float:
    """Standard score that both the fit and the platform's population support.

    Where they disagree on the side it is 0, else the smaller: what is usual on
    a platform is no evidence there, and neither is its top percent of people.
    """
    fitted = max(-CLIP, min(CLIP, (value - term.center) / term.scale))
    if percentile is None:
        return 0.0 if term.relative else fitted
    usual = float(ndtri(min(max(percentile, 0.005), 0.995)))
    if usual * fitted <= 0:
        return 0.0
    return min(fitted, usual) if fitted > 0 else max(fitted, usual)
