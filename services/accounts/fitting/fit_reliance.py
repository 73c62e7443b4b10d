# ruff: noqa: T201 -- a script that prints what it finds
"""Fit the error model of reliance.

python -m services.accounts.fitting.fit_reliance PREDICTIONS ACCOUNTS

PREDICTIONS: lines {"label", "source", "log_likelihood_ratio"} of labelled texts.
ACCOUNTS: lines {"label", "log_likelihood_ratios": [...]} of recorded accounts.
Prints the fields of `RelianceModel` that `domain/fitted.py` holds.
"""

import json
import sys
from collections import defaultdict
from math import log
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

STYLE_CAP = log(20.0)
MIN_POPULATION = 100
MIN_TEXTS = 20


def intercept(predictions: Path) -> tuple[float, str]:
    """Shift that makes the mean capped ratio at most 1 on the worst population.

    A likelihood ratio averages 1 over what it is a ratio against; capping and
    a population unlike the calibration data break that. Polished texts count
    as people's: the worse of human and assisted.
    """
    populations = defaultdict(list)
    with predictions.open(encoding="utf8") as lines:
        for line in lines:
            row = json.loads(line)
            if row["label"] in ("human", "mixed"):
                populations[f"{row['label']} {row['source']}"].append(
                    row["log_likelihood_ratio"]
                )
    means = {
        name: float(np.exp(np.clip(found, -STYLE_CAP, STYLE_CAP)).mean())
        for name, found in populations.items()
        if len(found) >= MIN_POPULATION
    }
    worst = max(means, key=lambda name: means[name])
    return min(0.0, -log(means[worst])), worst


def authors(accounts: Path) -> list[NDArray[np.float64]]:
    """Capped ratios of people with many scored texts."""
    found = []
    with accounts.open(encoding="utf8") as lines:
        for line in lines:
            row = json.loads(line)
            ratios = np.array(row["log_likelihood_ratios"], dtype=np.float64)
            if row["label"] == "human" and len(ratios) >= MIN_TEXTS:
                found.append(np.clip(ratios, -STYLE_CAP, STYLE_CAP))
    return found


def main(predictions: Path, accounts: Path) -> None:
    """Print the fitted fields."""
    people = authors(accounts)
    means = np.array([each.mean() for each in people])
    within = float(np.mean([each.var(ddof=1) for each in people]))
    noise = float(np.mean([each.var(ddof=1) / len(each) for each in people]))
    between = max(0.0, float(means.var(ddof=1)) - noise)
    shift, worst = intercept(predictions)
    print(f"intercept={shift:.3f},  # worst population: {worst}")
    print(f"correlation={between / (between + within):.3f},")
    print(f"offset={between**0.5:.3f},")
    print(f"voice_mean={means.mean():.3f},")
    print(f"voice_spread={within**0.5:.3f},")
    print(f"# {len(people)} people")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
