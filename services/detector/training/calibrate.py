"""Fits what turns raw scores into probabilities, evidence and verdicts.

Everything is fitted on texts whose whole source the n-gram arm never saw and
whose author (for the unseen domains: whose population) the encoder never saw.
No dev text is read here.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression

from services.detector.domain.calibration import EVIDENCE_CAP, LOGIT_CAP

BUCKETS = {"zh": (0, 41, 81, 161, 321), "en": (0, 121, 261, 521, 1041)}
WORST_PEOPLE = 0.012  # false accusations allowed in the worst population
ALL_PEOPLE = 0.005  # ... and over all populations, each counting the same
LOST_MACHINES = 0.05  # machine texts that may be called HUMAN
SMALLEST = 40  # texts a population needs to be heard in a bucket
NEVER = 99.0


@dataclass
class Sample:
    """Scores of one language's texts, with what is known about them."""

    scores: np.ndarray  # texts x arms
    label: np.ndarray
    population: np.ndarray
    chars: np.ndarray

    def take(self, chosen: np.ndarray) -> "Sample":
        return Sample(
            *(
                getattr(self, name)[chosen]
                for name in ("scores", "label", "population", "chars")
            )
        )


def balanced(population: np.ndarray, machine: np.ndarray) -> np.ndarray:
    """Weights under which populations count alike, and machines as much as people."""
    weight = np.zeros(len(population))
    for side in (machine, ~machine):
        _, index, counts = np.unique(
            population[side], return_inverse=True, return_counts=True
        )
        each = np.minimum(counts, 150) / counts
        weight[side] = each[index] / each[index].sum()
    return weight * len(population)


def calibrate(sample: Sample, lang: str) -> list[dict]:
    made = []
    for k, low in enumerate(BUCKETS[lang]):
        high = BUCKETS[lang][k + 1] if k + 1 < len(BUCKETS[lang]) else 10**9
        # Neighbouring lengths lend their texts: a bucket alone is thin.
        near = (sample.chars >= low * 0.7) & (sample.chars < high * 1.4)
        made.append(one_bucket(sample.take(near), low))
    return made


def one_bucket(sample: Sample, low: int) -> dict:
    machine = sample.label == "ai"
    weight = balanced(sample.population, machine)
    fitted = LogisticRegression(C=1e3).fit(sample.scores, machine, sample_weight=weight)
    logit = np.clip(fitted.decision_function(sample.scores), -LOGIT_CAP, LOGIT_CAP)
    slope, shift = honest_evidence(logit, sample)
    return {
        "min_chars": low,
        "weights": [round(float(w), 5) for w in fitted.coef_[0]],
        "intercept": round(float(fitted.intercept_[0]), 5),
        "evidence_slope": slope,
        "evidence_shift": shift,
        "thresholds": thresholds(logit, sample),
        "fitted_on": {"people": int((~machine).sum()), "machines": int(machine.sum())},
    }


def honest_evidence(logit: np.ndarray, sample: Sample) -> tuple[float, float]:
    """Slope and shift that make the average ratio <= 1 in every human population.

    An average ratio of people above 1 would let an account of nothing but human
    texts drift towards guilt, however many of them were read.
    """
    best, best_gain = (0.5, 2.0), -np.inf
    machine = sample.label == "ai"
    weight = balanced(sample.population, machine)[machine]
    for slope in (1.0, 0.85, 0.7):
        for shift in np.arange(0, 3.01, 0.05):
            evidence = np.clip(slope * logit - shift, -EVIDENCE_CAP, EVIDENCE_CAP)
            if worst_average(np.exp(evidence), sample) <= 1.0:
                gain = np.average(evidence[machine], weights=weight)
                if gain > best_gain:
                    best, best_gain = (slope, round(float(shift), 2)), gain
                break
    return best


def people(sample: Sample) -> list[np.ndarray]:
    """Which texts belong to each human population large enough to judge by."""
    human = sample.label == "human"
    groups = [
        human & (sample.population == name) for name in np.unique(sample.population)
    ]
    return [g for g in groups if g.sum() >= SMALLEST]


def worst_average(ratio: np.ndarray, sample: Sample) -> float:
    return max(float(ratio[group].mean()) for group in people(sample))


def thresholds(logit: np.ndarray, sample: Sample) -> dict[str, float]:
    machine = sample.label == "ai"
    worst = max(
        np.quantile(logit[g], 1 - WORST_PEOPLE, method="higher") for g in people(sample)
    )
    human = sample.label == "human"
    even = balanced(sample.population, machine)
    overall = weighted_quantile(logit[human], even[human], 1 - ALL_PEOPLE)
    generated = max(worst, overall, 1.5) + 1e-3
    human_below = weighted_quantile(logit[machine], even[machine], LOST_MACHINES)
    touched = max(np.quantile(logit[g], 0.95) for g in people(sample))
    return {
        "human": round(float(min(human_below, 0.0)), 4),
        "assisted": round(float(max(touched, 0.0)), 4),
        "generated": round(float(generated if generated < LOGIT_CAP else NEVER), 4),
    }


def weighted_quantile(values: np.ndarray, weights: np.ndarray, q: float) -> float:
    order = np.argsort(values)
    mass = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(mass, q * mass[-1])])
