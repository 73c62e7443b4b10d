"""A small, robust model: clipped standard scores, bent, summed and capped."""

from collections.abc import Mapping
from dataclasses import dataclass

from scipy.special import ndtri

from services.accounts.domain.evidence import Signal

CLIP = 3.0
TAIL = 1.2


@dataclass(frozen=True, slots=True)
class Term:
    """One signal's part: a bent line through the median of people.

    `low` and `high` are the spreads of people below and above `center`;
    `below`, `above` and `tail` weigh the standard score below 0, above 0 and
    beyond `TAIL` on either side: too even and too uneven may both be odd.
    """

    center: float
    low: float
    high: float
    below: float
    above: float
    tail: float

    def weigh(self, standard: float) -> float:
        """Contribution of a standard score."""
        size = abs(standard)
        bent = self.tail * max(size - TAIL, 0.0)
        if standard < 0:
            return self.below * standard - bent
        return self.above * standard + bent


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
                found[code] = term.weigh(_standard(signal, term))
        return found

    def log_likelihood_ratio(self, contributions: Mapping[str, float]) -> float:
        """Capped natural-log ratio of the sum of *contributions*."""
        total = self.shrink * (self.intercept + sum(contributions.values()))
        return max(self.floor, min(self.cap, total))


def _standard(signal: Signal, term: Term) -> float:
    """Standard score against people, fading where the platform finds it usual.

    One standard deviation within the platform's own population lets it speak
    in full, on the same side; at the population's median it is 0.
    """
    distance = (signal.value or 0.0) - term.center
    scale = term.low if distance < 0 else term.high
    fitted = max(-CLIP, min(CLIP, distance / scale))
    if signal.percentile is None:
        return fitted
    usual = float(ndtri(min(max(signal.percentile, 0.002), 0.998)))
    return fitted * max(0.0, min(1.0, usual if fitted > 0 else -usual))
