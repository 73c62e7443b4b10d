"""Finds up to where a text is clearly human and is read no further."""

import numpy as np
from sklearn.metrics import roc_auc_score

from services.detector.domain.fitting import NEVER, balanced, weighted_quantile
from services.detector.training.stacking import Labelled

LOST_BY_CASCADE = 0.0025  # of the machine texts found, what each step may lose
RANK_LOST = 0.004  # AUROC that each step of the cascade may cost


def settled(
    shallow: np.ndarray,
    deep: np.ndarray,
    found: np.ndarray,
    label: np.ndarray,
    names: np.ndarray,
) -> float:
    """Shallow logit up to which a text is clearly human and is read no further.

    *found* marks the machine texts that the full model calls AI_GENERATED. The
    more people are settled the better, as long as hardly a found text is lost
    and ranking stays: evidence adds up over an account, so it matters too.
    """
    pure = label != "mixed"
    machine = label[pure] == "ai"
    weight = balanced(names[pure], machine)
    before = roc_auc_score(machine, deep[pure], sample_weight=weight)
    best = -NEVER
    for share in np.arange(0.05, 1.0, 0.025):
        limit = weighted_quantile(shallow[pure][~machine], weight[~machine], share)
        ends = shallow <= limit
        after = np.where(ends, shallow, deep)[pure]
        rank = roc_auc_score(machine, after, sample_weight=weight)
        lost = (ends & found).sum() / max(found.sum(), 1)
        if before - rank > RANK_LOST or lost > LOST_BY_CASCADE:
            break
        best = limit
    return round(float(best), 4)


def generated(logit: np.ndarray, texts: Labelled, made: list[dict]) -> np.ndarray:
    """Which texts reach the bar of AI_GENERATED for their length and register."""
    bars = np.full(len(logit), np.inf)
    for c in made:
        formal, personal = (
            c["thresholds"][name] for name in ("generated", "generated_personal")
        )
        fits = texts.chars >= c["min_chars"]
        bars[fits] = np.where(texts.personal, personal, formal)[fits]
    return logit >= bars


def tell(lang: str, label: np.ndarray, skimmed: np.ndarray, read: np.ndarray) -> None:
    """Say how far people and machines are read."""
    for name in ("human", "ai"):
        its = label == name
        both_steps = (skimmed & read)[its].mean()
        print(
            f"{lang} {name}: {skimmed[its].mean():.0%} skimmed, {both_steps:.0%} read"
        )
