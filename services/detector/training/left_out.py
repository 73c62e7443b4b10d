"""What the model says of sources that no arm of it has met.

usage: left_out.py NGRAM_SCORES SCORES_WITH SCORES_WITHOUT LANG SOURCE ...

SCORES_WITH are those of an encoder that knows the SOURCEs (other authors of
them), SCORES_WITHOUT those of one trained on the same passages but theirs, both
as `score.py` writes them. The n-gram arms leave each source out by itself, and
so do the arms' weights, the calibration and the bars: the same code as the
shipped ones, fitted on all other sources.
"""

import argparse
import pickle
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


def judged(
    inside: np.ndarray,
    outside: np.ndarray,
    texts: Labelled,
    fit: np.ndarray,
    its: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Logits of the texts *its*, and which are AI_GENERATED, by a fit on *fit*."""
    some = part(texts, fit)
    arms = stack(inside[fit], some.label, some.population)
    made = calibrate(inside[fit], outside[fit], arms, some)
    here = part(texts, its)
    scores = np.where(np.isnan(outside), inside, outside)[its]
    found = logits(made, scores, here.chars)
    return found, generated(found, here, made)


def auroc(label: np.ndarray, score: np.ndarray) -> str:
    pure = label != "mixed"
    machine = label[pure] == "ai"
    if machine.all() or not machine.any():
        return "–"
    return f"{roc_auc_score(machine, score[pure]):.3f}"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    for name in ("ngram_scores", "met", "unmet"):
        arguments.add_argument(name, type=Path)
    arguments.add_argument("lang")
    arguments.add_argument("sources", nargs="+")
    given = arguments.parse_args()
    found = pickle.loads(given.ngram_scores.read_bytes())[given.lang]
    met, unmet = (pickle.loads(path.read_bytes()) for path in (given.met, given.unmet))
    index = met["index"]
    if index != unmet["index"]:
        arguments.error("the two encoders scored different texts")
    texts = labelled(found, index, given.lang)
    source = np.array([found["rows"][i].source for i in index])
    its = np.isin(source, given.sources)
    label = texts.label[its]
    print(
        f"{given.lang} {' '.join(given.sources)}: {(label == 'human').sum()} people,"
        f" {(label == 'ai').sum()} machines"
    )
    everything = np.full(len(index), fill_value=True)
    for name, scored, ngrams, fit in (
        ("met", met, found["inside"], everything),
        ("left out", unmet, found["outside"], ~its),
    ):
        encoder = scored["scores"][:, 1]
        inside = np.column_stack([found["inside"][index], encoder])
        outside = np.column_stack([found["outside"][index], encoder])
        if name == "met":
            outside[its] = inside[its]
        logit, accused = judged(inside, outside, texts, fit, its)
        cells = [
            f"AUROC n-grams {auroc(label, ngrams[index][its][:, -1])}",
            f"encoder {auroc(label, encoder[its])}",
            f"stack {auroc(label, logit)}",
            f"false positives {accused[label == 'human'].mean():.2%}",
        ]
        if (label == "ai").any():
            cells.append(f"recall {accused[label == 'ai'].mean():.2%}")
        print(f"  {name}: {', '.join(cells)}")


if __name__ == "__main__":
    main()
