"""Ranking with intervals, on texts that are not independent of each other.

Texts of one author, or a person's text and its rewrites, are drawn together:
an interval that took them for independent would be too narrow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.accounts.fitting.ranking import auroc

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

TIMES: Final = 500
SEED: Final = 7
INSIDE: Final = (2.5, 97.5)  # per cent: the interval that is told


@dataclass(frozen=True, slots=True)
class Ranked:
    """An AUROC with its 95 % interval, and how far it lies above ours.

    `above` is None for ours itself. Both come from the same draws of authors.
    """

    auroc: float
    interval: tuple[float, float]
    above: tuple[float, float] | None

    @property
    def is_better(self) -> bool:
        """Whether it ranks better than ours, beyond what chance explains."""
        return self.above is not None and self.above[0] > 0

    @property
    def is_worse(self) -> bool:
        """Whether ours ranks better, beyond what chance explains."""
        return self.above is not None and self.above[1] < 0


def ranked(
    arms: Mapping[str, Floats], ours: str, machine: Bools, groups: Sequence[str]
) -> dict[str, Ranked]:
    """Rank texts by each of *arms*; *groups* are drawn whole, with replacement."""
    numbers = np.unique(np.array(groups), return_inverse=True)[1]
    draws = np.random.default_rng(SEED)
    count = int(numbers.max()) + 1
    ladders = {name: Ladder.of(scores, machine) for name, scores in arms.items()}
    drawn: dict[str, list[float]] = {name: [] for name in arms}
    for _ in range(TIMES):
        times = np.bincount(draws.integers(count, size=count), minlength=count)
        weight = times[numbers].astype(np.float64)
        if not weight[machine].any() or not weight[~machine].any():
            continue
        for name, ladder in ladders.items():
            drawn[name].append(ladder.auroc(weight))
    own = np.array(drawn[ours])
    return {
        name: Ranked(
            auroc(scores, machine),
            _inside(np.array(drawn[name])),
            None if name == ours else _inside(np.array(drawn[name]) - own),
        )
        for name, scores in arms.items()
    }


@dataclass(frozen=True, slots=True)
class Ladder:
    """Scores in order: what does not change from draw to draw."""

    rungs: NDArray[np.int64]  # of each text, equal for equal scores
    machine: Bools

    @classmethod
    def of(cls, scores: Floats, machine: Bools) -> "Ladder":
        """Put *scores* in order."""
        return cls(np.unique(scores, return_inverse=True)[1], machine)

    def auroc(self, weight: Floats) -> float:
        """Chance that a machine's text outscores a person's; ties count half."""
        size = int(self.rungs.max()) + 1
        machines = np.bincount(self.rungs, weight * self.machine, size)
        people = np.bincount(self.rungs, weight * ~self.machine, size)
        below = np.cumsum(people) - people / 2
        return float(machines @ below / machines.sum() / people.sum())


def either_way(scores: Floats, machine: Bools) -> float:
    """AUROC of a feature of which it is not known which way it points."""
    found = auroc(scores, machine)
    return max(found, 1 - found)


def _inside(values: Floats) -> tuple[float, float]:
    low, high = np.percentile(values, INSIDE)
    return float(low), float(high)
