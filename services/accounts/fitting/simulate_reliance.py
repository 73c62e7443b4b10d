# ruff: noqa: T201 -- a script that prints what it finds
"""Coverage of reliance and posts to a decision: the tables of docs/reliance.md.

python -m services.accounts.fitting.simulate_reliance

A detector of a given recall at 1 % false positives is two unit normals d apart.
Authors shift all their scores by a share of the variance, as measured.
"""

from dataclasses import replace
from datetime import timedelta
from math import log

import numpy as np
from scipy.special import ndtri

from services.accounts.domain.fitted import RELIANCE
from services.accounts.domain.items import Items
from services.accounts.domain.reliance import RelianceModel, estimate

RECALLS = (0.1, 0.5, 0.9)
SHARES = (0.3, 0.6, 1.0)
COUNTS = (5, 8, 10, 12, 15, 20, 25, 30, 40, 48)
BOUNDS = (0.05, 0.25, 0.40, 0.60)
WINDOW = timedelta(days=90)
_NO_VOICES = np.zeros(0)


def simulated(
    recall: float,
    share: float,
    n: int,
    random: np.random.Generator,
    hard: float = 0.0,
) -> Items:
    """Items of one author with *share* AI-made, seen by a detector of *recall*."""
    distance = float(ndtri(0.99) - ndtri(1 - recall))
    made = random.random(n) < share
    common = random.normal() * RELIANCE.correlation**0.5
    own = random.normal(size=n) * (1 - RELIANCE.correlation) ** 0.5
    ratios = distance * (made * distance + common + own) - distance**2 / 2
    facts = np.where(made & (random.random(n) < hard), log(300.0), 0.0)
    return Items(
        np.arange(n, dtype=np.float64),
        (b"",) * n,
        ratios,
        np.ones(n, dtype=np.bool_),
        facts,
    )


def model_for(recall: float) -> RelianceModel:
    """The shipped model with what depends on the detector's strength scaled."""
    distance = float(ndtri(0.99) - ndtri(1 - recall))
    return replace(
        RELIANCE,
        intercept=0.0,
        offset=distance * RELIANCE.correlation**0.5,
        voice_mean=-(distance**2) / 2,
        voice_spread=distance,
    )


def coverage(recall: float, n: int, trials: int, random: np.random.Generator) -> float:
    """Share of 95 % intervals that hold θ, with θ drawn from the prior."""
    model = model_for(recall)
    held = 0
    for _ in range(trials):
        u = random.random()
        share = 0.0 if u < model.none else 1.0 if u > 1 - model.all else random.random()
        found = estimate(simulated(recall, share, n, random), _NO_VOICES, model, WINDOW)
        held += found.lower - 0.01 <= share <= found.upper + 0.01
    return held / trials


def posts_needed(
    recall: float,
    share: float,
    bound: float,
    random: np.random.Generator,
    hard: float,
) -> int | None:
    """Fewest posts after which half the accounts have `lower` above *bound*."""
    model = model_for(recall)
    for n in COUNTS:
        lowers = [
            estimate(
                simulated(recall, share, n, random, hard), _NO_VOICES, model, WINDOW
            ).lower
            for _ in range(60)
        ]
        if np.median(lowers) > bound:
            return n
    return None


def main() -> None:
    """Print both tables."""
    random = np.random.default_rng(20261124)
    print("recall | posts | coverage of 95 %")
    for recall in RECALLS:
        for n in (8, 20, 48):
            print(f"{recall} | {n} | {coverage(recall, n, 1000, random):.3f}")
    print("recall | θ | hard facts | lower > " + " | > ".join(map(str, (*BOUNDS, 0.9))))
    for hard in (0.0, 1.0):
        for recall in RECALLS:
            for share in SHARES:
                row = [
                    str(posts_needed(recall, share, bound, random, hard) or "never")
                    for bound in (*BOUNDS, 0.9)
                ]
                print(f"{recall} | {share} | {hard:.0%} |", " | ".join(row))


if __name__ == "__main__":
    main()
