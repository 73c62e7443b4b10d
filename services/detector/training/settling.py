"""Finds up to where a text is clearly human and is read no further."""

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import roc_auc_score

from services.detector.domain.fitting import NEVER, balanced, weighted_quantile
from services.detector.training.base_encoder import LAYERS
from services.detector.training.encoder import EARLY_LAYERS
from services.detector.training.stacking import GENERATED, Labelled

LOST_BY_CASCADE = 0.005  # of the machine texts found, what the cascade may lose
# AUROC that it may cost, half of it measured on strangers. In English nearly half of
# the loss on known sources are reviews faked by GPT-3, which no depth tells well.
RANK_LOST = {"zh": 0.008, "en": 0.015}
SHARES = np.arange(0.0, 0.99, 0.025)  # of people, who may end at a step


@dataclass(frozen=True, slots=True)
class Depths:
    """Labelled texts, and their calibrated logits by all that is read to each depth."""

    cheap: np.ndarray
    early: np.ndarray
    full: np.ndarray
    label: np.ndarray
    names: np.ndarray  # populations

    def take(self, chosen: np.ndarray) -> "Depths":
        return Depths(
            self.cheap[chosen],
            self.early[chosen],
            self.full[chosen],
            self.label[chosen],
            self.names[chosen],
        )

    def ending(self, at_cheap: float, at_early: float) -> np.ndarray:
        """Logits where a text ends at the first depth that finds it so human."""
        deeper = np.where(self.early <= at_early, self.early, self.full)
        return np.where(self.cheap <= at_cheap, self.cheap, deeper)

    def rank(self, logit: np.ndarray) -> float:
        """AUROC of people and machines, populations counting alike."""
        machine = self.label == "ai"
        weight = balanced(self.names, machine)
        return float(roc_auc_score(machine, logit, sample_weight=weight))


def settled(
    met: Depths, unmet: Depths, found: np.ndarray, allowed: float
) -> tuple[float, float]:
    """Logits up to which a text is clearly human: by the cheap arms, and early.

    *met* and *unmet* are texts of people and machines as in `stacking.stack`: by
    arms that know their sources and by arms that do not. *found* marks those of
    *met* that the full model calls AI_GENERATED. Of all pairs of limits that lose
    hardly any of these and of the ranking of both no more than *allowed*, the one by
    which people cost least: evidence adds up over an account, so ranking matters too.
    """
    human = met.label == "human"
    people = balanced(met.names, ~human)[human]

    def limits(logit: np.ndarray) -> list[float]:
        some = (weighted_quantile(logit[human], people, s) for s in SHARES)
        return [-NEVER, *some]

    sides = [(each, each.rank(each.full)) for each in (met, unmet)]

    def lost_rank(at_cheap: float, at_early: float) -> float:
        lost = [full - d.rank(d.ending(at_cheap, at_early)) for d, full in sides]
        return sum(lost) / len(lost)

    best, least = (-NEVER, -NEVER), np.inf
    for at_cheap in limits(met.cheap):
        on = met.cheap > at_cheap
        for at_early in limits(met.early):
            read = on & (met.early > at_early)
            layers = EARLY_LAYERS * on + (len(LAYERS) - EARLY_LAYERS) * read
            cost = float(np.average(layers[human], weights=people))
            lost = (found & ~read).sum() / max(found.sum(), 1)
            if cost >= least or lost > LOST_BY_CASCADE:
                continue
            if lost_rank(at_cheap, at_early) <= allowed:
                best, least = (at_cheap, at_early), cost
    return round(float(best[0]), 4), round(float(best[1]), 4)


def generated(logit: np.ndarray, texts: Labelled, made: list[dict]) -> np.ndarray:
    """Which texts reach the bar of AI_GENERATED for their length and register."""
    bars = np.full(len(logit), np.inf)
    for c in made:
        formal, personal = (c["thresholds"][register] for register in GENERATED)
        fits = texts.chars >= c["min_chars"]
        bars[fits] = np.where(texts.personal, personal, formal)[fits]
    return logit >= bars


def tell(lang: str, met: Depths, at_cheap: float, at_early: float) -> None:
    """Say how far people and machines are read."""
    skimmed = met.cheap > at_cheap
    for name in ("human", "ai"):
        its = met.label == name
        read = (skimmed & (met.early > at_early))[its].mean()
        print(f"{lang} {name}: {skimmed[its].mean():.0%} skimmed, {read:.0%} read")
