"""What the model says of sources that no arm of it has met.

usage: left_out.py NGRAM_SCORES SCORES LANG SOURCE ...

SCORES are as `score.py` writes them: by the encoder that ships, which knows the
SOURCEs (other authors of them), and by smaller ones that do not. The n-gram arms
leave each source out by itself, and so do the arms' weights, the calibration and
the bars: the same code as the shipped ones, fitted on all other sources.
"""

import argparse
import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from services.detector.training.settling import generated
from services.detector.training.stacking import (
    Labelled,
    calibrate,
    labelled,
    logits,
    stack,
)


def part(texts: Labelled, chosen: np.ndarray) -> Labelled:
    return Labelled(
        texts.lang,
        texts.label[chosen],
        texts.population[chosen],
        texts.chars[chosen],
        texts.personal[chosen],
    )


@dataclass
class Scores:
    """Raw scores of the same texts, a column an arm."""

    inside: np.ndarray  # by arms that met their source
    outside: np.ndarray  # by n-grams that did not, beside an encoder that did
    unmet: np.ndarray  # by arms none of which did


def judged(
    scores: Scores,
    judging: np.ndarray,
    texts: Labelled,
    fit: np.ndarray,
    its: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Logits of the texts *its*, and which are AI_GENERATED, by a fit on *fit*."""
    some = part(texts, fit)
    arms = stack(scores.inside[fit], scores.unmet[fit], some.label, some.population)
    made = calibrate(scores.inside[fit], scores.outside[fit], arms, some)
    here = part(texts, its)
    found = logits(made, judging[its], here.chars)
    return found, generated(found, here, made)


def auroc(label: np.ndarray, score: np.ndarray) -> str:
    pure = label != "mixed"
    machine = label[pure] == "ai"
    if machine.all() or not machine.any():
        return "–"
    return f"{roc_auc_score(machine, score[pure]):.3f}"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    for name in ("ngram_scores", "scores"):
        arguments.add_argument(name, type=Path)
    arguments.add_argument("lang")
    arguments.add_argument("sources", nargs="+")
    given = arguments.parse_args()
    found = pickle.loads(given.ngram_scores.read_bytes())[given.lang]
    scored = pickle.loads(given.scores.read_bytes())
    index = scored["index"]
    texts = labelled(found, index, given.lang)
    source = np.array([found["rows"][i].source for i in index])
    its = np.isin(source, given.sources)
    label = texts.label[its]
    print(
        f"{given.lang} {' '.join(given.sources)}: {(label == 'human').sum()} people,"
        f" {(label == 'ai').sum()} machines"
    )
    inside, outside = found["inside"][index], found["outside"][index]
    met, unmet = scored["scores"][:, 1], scored["unmet"][:, 1]
    scores = Scores(
        np.column_stack([inside, met]),
        np.column_stack([outside, met]),
        np.column_stack([outside, unmet]),
    )
    everything = np.full(len(index), fill_value=True)
    for name, judging, fit in (
        ("met", scores.inside, everything),
        ("the encoder alone met it", scores.outside, ~its),
        ("left out", scores.unmet, ~its),
    ):
        if np.isnan(judging[its][:, -1]).all():
            continue  # every encoder met it
        # Of machines without people in their source n-grams were never left out.
        whole = np.where(np.isnan(judging), scores.inside, judging)
        logit, accused = judged(scores, whole, texts, fit, its)
        cells = [
            f"AUROC n-grams {auroc(label, whole[its][:, -2])}",
            f"encoder {auroc(label, whole[its][:, -1])}",
            f"stack {auroc(label, logit)}",
            f"false positives {accused[label == 'human'].mean():.2%}",
        ]
        if (label == "ai").any():
            cells.append(f"recall {accused[label == 'ai'].mean():.2%}")
        print(f"  {name}: {', '.join(cells)}")


if __name__ == "__main__":
    main()
