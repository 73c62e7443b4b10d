"""A small, robust model: clipped standard scores, bent, summed and capped."""

from collections.abc import Mapping
from dataclasses import dataclass

from scipy.special import ndtri

from services.accounts.domain.evidence import Signal

CLIP = 3.0


@dataclass(frozen=True, slots=True)
class Term:
    """One signal's part: a bent line through the median of people.

    `low` and `high` are the spreads of people below and above `center`;
    `below` and `above` weigh the standard score below and above 0. Both have
    the sign of what is known of the signal, so that more never means less.
    """

    center: float
    low: float
    high: float
    below: float
    above: float

    def weigh(self, standard: float) -> float:
        """Contribution of a standard score."""
        return (self.below if standard < 0 else self.above) * standard


@dataclass(frozen=True, slots=True)
class LinearModel:
    """Log-likelihood ratio from signals that may be missing.

    A missing signal adds nothing; `floor` and `cap` bound the sum.
    """

    terms: Mapping[str, Term]
    intercept: float
    floor: float
    cap: float

    def contributions(self, signals: Mapping[str, Signal]) -> dict[str, float]:
        """What each signal that speaks adds."""
        found = {}
        for code, term in self.terms.items():
            signal = signals.get(code)
            if signal is not None and signal.value is not None:
                found[code] = term.weigh(_standard(signal, term))
        return found

    def log_likelihood_ratio(self, contributions: Mapping[str, float]) -> float:
        """Capped natural-log ratio of the sum of *contributions*."""
        total = self.intercept + sum(contributions.values())
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
