"""How well scores separate bots from people."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata


def auroc(scores: NDArray[np.float64], bot: NDArray[np.bool_]) -> float:
    """Probability that a bot outscores a person, ties half."""
    ranks = rankdata(scores)
    bots, people = int(bot.sum()), int((~bot).sum())
    return float((ranks[bot].sum() - bots * (bots + 1) / 2) / (bots * people))


def detection(
    scores: NDArray[np.float64], bot: NDArray[np.bool_], false_positives: float = 0.01
) -> float:
    """Share of bots above the score that *false_positives* of people exceed."""
    people = np.sort(scores[~bot])[::-1]
    threshold = people[int(false_positives * len(people))]
    return float((scores[bot] > threshold).mean())
