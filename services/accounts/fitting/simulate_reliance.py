# ruff: noqa: T201 -- a script that prints what it finds
"""Coverage of reliance and posts to a decision: the tables of docs/reliance.md.

python -m services.accounts.fitting.simulate_reliance

A detector of a given recall at 1 % false positives is two unit normals d apart.
Authors shift all their scores by a share of the variance, as measured.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from math import log

import numpy as np
from scipy.special import ndtri

from services.accounts.domain.fitted import RELIANCE
from services.accounts.domain.items import Items
from services.accounts.domain.reliance import (
    GRID,
    RelianceModel,
    estimate,
    posterior_weights,
)

RECALLS = (0.1, 0.5, 0.9)
SHARES = (0.3, 0.6, 1.0)
COUNTS = (5, 8, 10, 12, 15, 20, 25, 30, 40, 48)
BOUNDS = (0.05, 0.25, 0.40, 0.60)
WINDOW = timedelta(days=90)
TRIALS = 2_000
_NO_VOICES = np.zeros(0)
_HALF_A_STEP = float(GRID[1])


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


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often intervals hold θ, by what θ is, and what they claim to.

    `below` counts θ below the lower end. `claimed` is the mean posterior mass of
    the intervals; `cut` and `cut_mixed` are what they would hold if each were cut
    to 95 % of mass from above.
    """

    all: float
    below: float
    mixed: float
    claimed: float
    cut: float
    cut_mixed: float


def coverage(
    recall: float, n: int, trials: int, random: np.random.Generator
) -> Coverage:
    """Coverage of 95 % intervals, with θ drawn from the prior."""
    model = model_for(recall)
    rows = []
    for _ in range(trials):
        u = random.random()
        share = 0.0 if u < model.none else 1.0 if u > 1 - model.all else random.random()
        items = simulated(recall, share, n, random)
        found = estimate(items, _NO_VOICES, model, WINDOW)
        weights, _ = posterior_weights(items, _NO_VOICES, model)
        inside = (found.lower <= GRID) & (found.upper >= GRID)
        below = float(weights[found.lower > GRID].sum())
        cut = float(GRID[np.searchsorted(np.cumsum(weights), below + 0.95)])
        low = found.lower - _HALF_A_STEP
        rows.append(
            (
                low <= share <= found.upper + _HALF_A_STEP,
                0 < share < 1,
                float(weights[inside].sum()),
                low > share,
                low <= share <= cut + _HALF_A_STEP,
            )
        )
    held, mixed, claimed, below, short = np.array(rows, dtype=np.float64).T
    some = mixed > 0
    return Coverage(
        float(held.mean()),
        float(below.mean()),
        float(held[some].mean()),
        float(claimed.mean()),
        float(short.mean()),
        float(short[some].mean()),
    )


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
    print(
        "recall | posts | holds θ | θ below | claims | mixed"
        " | cut: holds θ | cut: mixed"
    )
    for recall in RECALLS:
        for n in (8, 20, 48):
            found = coverage(recall, n, TRIALS, random)
            print(
                f"{recall} | {n} | {found.all:.3f} | {found.below:.3f}"
                f" | {found.claimed:.3f}"
                f" | {found.mixed:.2f} | {found.cut:.3f} | {found.cut_mixed:.2f}"
            )
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
