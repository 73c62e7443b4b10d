"""Fits thresholds and evidence to labelled texts, so that they spare people.

Both the training of a model and the calibration on a platform's own people use
it. Populations count alike, whatever their size; the worst one sets the bar.
"""

import math
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from services.detector.domain.calibration import EVIDENCE_CAP, LOGIT_CAP

HUMAN, MACHINE = "human", "ai"
WORST_PEOPLE: Final = 0.02  # false accusations allowed in the worst population
# ... and over all populations, each counting the same: the goal is .01, and
# people whom nobody fitted on score a little higher.
ALL_PEOPLE: Final = 0.01
# Average likelihood ratio of people, over each population: above 1 it would let an
# account of nothing but human texts drift towards guilt. People whom nobody fitted
# on, as learners of a language, have come out at one and a half times as much.
AVERAGE_RATIO: Final = 0.7
# HUMAN: a person is likelier than a machine where one text in four is
# machine-made, which is more than on any platform of people. At even odds, the
# bar before, one English text in three was left undecided to no one's good.
HUMAN_LOGIT: Final = round(math.log(3), 4)
LEAST_LOGIT: Final = 1.5  # AI_GENERATED means at least four to one
NEVER: Final = 99.0  # a logit that no text reaches
FEWEST_POPULATIONS: Final = 4  # of one register, to set its bar by
SMALLEST: Final = 50  # texts a population needs to be heard
HEARD: Final = 150  # texts beyond which a population counts no more

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Sample:
    """Labelled texts of one language and about one length; arrays of one length."""

    logit: Floats  # of machine against person
    label: NDArray[np.str_]  # human, ai or mixed
    population: NDArray[np.str_]
    personal: Flags  # speaks as posts do

    def take(self, chosen: Flags) -> Self:
        """Return the texts that are *chosen*."""
        return type(self)(
            self.logit[chosen],
            self.label[chosen],
            self.population[chosen],
            self.personal[chosen],
        )


def balanced(population: NDArray[np.str_], machine: Flags) -> Floats:
    """Weights, 1 on average: populations count alike, machines as much as people."""
    weight = np.zeros(len(population))
    for side in (machine, ~machine):
        if side.any():
            _, index, counts = np.unique(
                population[side], return_inverse=True, return_counts=True
            )
            each = (np.minimum(counts, HEARD) / counts)[index]
            weight[side] = each / each.sum()
    return weight * len(population) / 2


def straightened(logit: Floats, machine: Flags, weight: Floats) -> tuple[float, float]:
    """Slope and shift that make *logit* honest (Platt 1999); weights as `balanced`."""
    target = np.where(machine, 1.0, -1.0)

    def loss(line: Floats) -> float:
        margin = target * (line[0] * logit + line[1])
        return float(np.average(np.logaddexp(0.0, -margin), weights=weight))

    found = minimize(loss, np.array([1.0, 0.0]), method="BFGS")
    return float(found.x[0]), float(found.x[1])


def honest_evidence(sample: Sample) -> tuple[float, float]:
    """Slope and shift that keep every population's average ratio low enough.

    Of what does that, the line that gives machines the most evidence.
    """
    machine = sample.label == MACHINE
    groups = people(sample)
    weight = balanced(sample.population, machine)
    best, best_gain = (0.5, 2.0), -np.inf
    for slope in (1.0, 0.85, 0.7):
        for shift in np.arange(0, 3.01, 0.05):
            raw = slope * sample.logit - shift
            evidence = np.clip(raw, -EVIDENCE_CAP, EVIDENCE_CAP)
            ratio = np.exp(evidence)
            if all(ratio[group].mean() <= AVERAGE_RATIO for group in groups):
                gain = _gain(evidence, machine, weight)
                if gain > best_gain:
                    best, best_gain = (slope, round(float(shift), 2)), gain
                break
    return best


def _gain(evidence: Floats, machine: Flags, weight: Floats) -> float:
    """Average evidence against machines; without any, what people keep of theirs."""
    if machine.any():
        return float(np.average(evidence[machine], weights=weight[machine]))
    return float(evidence.std())


def thresholds(sample: Sample) -> dict[str, float]:
    """The card's thresholds for texts such as *sample*."""
    formal, personal = (
        bar(sample.take(sample.personal == flag), sample) for flag in (False, True)
    )
    return {
        "human": HUMAN_LOGIT,
        "generated": formal,
        "generated_personal": min(formal, personal),
    }


def bar(register: Sample, every: Sample) -> float:
    """Logit that hardly any of any population's people of this register reach.

    Where too few populations write in it, the bar is that of all registers;
    where none is large enough to judge by, nobody is accused.
    """
    sample = register if len(people(register)) >= FEWEST_POPULATIONS else every
    groups = people(sample)
    if not groups:
        return NEVER
    logit, human = sample.logit, sample.label == HUMAN
    weight = balanced(sample.population, sample.label == MACHINE)
    worst = max(np.quantile(logit[g], 1 - allowed(int(g.sum()))) for g in groups)
    overall = weighted_quantile(logit[human], weight[human], 1 - ALL_PEOPLE)
    found = max(float(worst), overall, LEAST_LOGIT) + 1e-3
    return round(found if found < LOGIT_CAP else NEVER, 4)


def people(sample: Sample) -> list[Flags]:
    """Which texts belong to each human population large enough to judge by."""
    human = sample.label == HUMAN
    names = np.unique(sample.population[human])
    groups = [human & (sample.population == name) for name in names]
    return [group for group in groups if group.sum() >= SMALLEST]


def allowed(count: int) -> float:
    """Share of *count* people beyond the bar that is no sign of more than allowed.

    The largest of many small populations' tails is mostly luck: a population
    counts against the bar where it exceeds it by more than its standard error.
    """
    return float(WORST_PEOPLE + (WORST_PEOPLE * (1 - WORST_PEOPLE) / count) ** 0.5)


def weighted_quantile(values: Floats, weights: Floats, share: float) -> float:
    """Smallest of *values* at or below which *share* of the weight lies."""
    order = np.argsort(values)
    mass = np.cumsum(weights[order])
    place = min(int(np.searchsorted(mass, share * mass[-1])), len(values) - 1)
    return float(values[order][place])
