"""Where a signal stands among the accounts of the platform."""

from collections.abc import Iterable, Mapping

import numpy as np

from services.accounts.domain.arrays import Floats
from services.accounts.domain.evidence import References, Signal

MIN_ACCOUNTS = 50
RANKS = 201


def quantiles(population: Iterable[Mapping[str, Signal]]) -> dict[str, Floats]:
    """Values at `RANKS` even ranks of each signal that 50 accounts or more have."""
    values: dict[str, list[float]] = {}
    for signals in population:
        for signal in signals.values():
            if signal.value is not None:
                values.setdefault(signal.code, []).append(signal.value)
    ranks = np.linspace(0, 1, RANKS)
    return {
        code: np.quantile(found, ranks)
        for code, found in values.items()
        if len(found) >= MIN_ACCOUNTS
    }


def with_percentile(signal: Signal, references: References) -> Signal:
    """Attach the population's percentile to *signal*."""
    values = references.quantiles.get(signal.code)
    if signal.value is None or values is None or len(values) == 0:
        return signal
    # Ties share the middle of their ranks, so that the usual is at one half.
    below = np.searchsorted(values, signal.value, "left")
    through = np.searchsorted(values, signal.value, "right")
    return signal._replace(percentile=float(below + through) / (2 * len(values)))
