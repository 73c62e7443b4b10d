"""Learns the n-gram arms, and scores every text by arms that never saw its source.

usage: ngrams.py ROWS BASE_DIR OUT_DIR

Writes `ngram_{unit}_{lang}.npz` (the weights that ship) and `ngram_scores.pkl`:
for the tune rows the scores, one an arm, of models that knew the source but not
the author ("inside") and of models from which the source was kept ("outside";
only of sources with people in them, whom thresholds are set by).
"""

import argparse
import pickle
import time
from pathlib import Path

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from tokenizers import Tokenizer

from services.detector.domain.ngrams import NgramSpec, Unit, count_ngrams, spelled
from services.detector.training.data import LANGUAGES, Row, crop
from services.detector.training.encoder import PASSAGE

PIECES = NgramSpec(Unit.PIECES, 1, 3, within_words=False, bucket_bits=20)
SPECS = {
    "zh": (
        NgramSpec(Unit.CHARACTERS, 1, 4, within_words=False, bucket_bits=19),
        PIECES,
    ),
    "en": (
        NgramSpec(Unit.CHARACTERS, 2, 5, within_words=True, bucket_bits=19),
        PIECES,
    ),
}
STRENGTH = 20.0  # inverse of the L2 penalty
LONGEST = 1500
LEARNED_CROPS, SCORED_CROPS = 6, 2  # passages of a text, beside all of it
KEPT_WORDING = ("light", "medium")  # degrees of polish


def matrix(
    texts: list[str], spec: NgramSpec, tokenizer: Tokenizer
) -> sparse.csr_matrix:
    if spec.unit is Unit.PIECES:
        coded = tokenizer.encode_batch(texts, add_special_tokens=False)
        texts = [spelled(one.ids) for one in coded]
    parts = []
    for start in range(0, len(texts), 512):
        some = texts[start : start + 512]
        counts = count_ngrams(some, spec)
        shape = (len(some), spec.bucket_count)
        parts.append(
            sparse.csr_matrix((counts.values, (counts.rows, counts.buckets)), shape)
        )
    return sparse.vstack(parts).tocsr()


def is_of_one_hand(row: Row) -> bool:
    """Whether its wording is a person's or a machine's, hence teaches n-grams either.

    Lightly polished it is the person's still; reworded throughout it is neither.
    """
    return bool(row.text) and (row.label != "mixed" or row.attack in KEPT_WORDING)


def passages(rows: list[Row], crops: int) -> tuple[list[Row], list[str]]:
    """Each text whole and as random passages, so that length tells nothing."""
    owners, texts = [], []
    for row in filter(is_of_one_hand, rows):
        variants = {row.text[:LONGEST]} | {
            crop(row, *PASSAGE[row.lang], f"n{k}") for k in range(crops)
        }
        for text in sorted(variants):
            owners.append(row)
            texts.append(text)
    return owners, texts


def weights_of(owners: list[Row]) -> np.ndarray:
    """People count as much as machines; texts of the target genre and year thrice."""
    weight = np.array([3.0 if r.source.endswith("fresh_llm") else 1.0 for r in owners])
    machine = np.array([r.label == "ai" for r in owners])
    for side in (machine, ~machine):
        if side.any():
            weight[side] *= 0.5 / weight[side].sum()
    return weight * len(owners)


def learn(features: sparse.csr_matrix, owners: list[Row]) -> LogisticRegression:
    """Machine against person; a polished text counts as the person's."""
    target = np.array([r.label == "ai" for r in owners])
    # Looser than 1e-4 stops after ten steps and underfits.
    model = LogisticRegression(C=STRENGTH, max_iter=100, tol=1e-4)
    return model.fit(features, target, sample_weight=weights_of(owners))


def arms(rows: list[Row], lang: str, tokenizer: Tokenizer, out: Path) -> dict:
    """Learn one language's arms, write their weights, score its tune texts."""
    fit, tune = ([r for r in rows if r.part == part] for part in ("fit", "tune"))
    owners, texts = passages(fit, LEARNED_CROPS)
    later, later_texts = passages(tune, LEARNED_CROPS)
    tuned, tune_texts = passages(tune, SCORED_CROPS)
    inside, outside = [], []
    for spec in SPECS[lang]:
        features = matrix(texts, spec, tokenizer)
        tune_features = matrix(tune_texts, spec, tokenizer)
        model = learn(features, owners)
        inside.append(model.decision_function(tune_features))
        outside.append(unseen(features, owners, tune_features, tuned, spec.unit))
        later_features = matrix(later_texts, spec, tokenizer)
        everything = sparse.vstack([features, later_features]).tocsr()
        final = learn(everything, owners + later)
        np.savez_compressed(
            out / f"ngram_{spec.unit}_{lang}.npz",
            weight=final.coef_[0].astype(np.float32),
            bias=final.intercept_,
        )
    return {
        "rows": tuned,
        "texts": tune_texts,
        "inside": np.column_stack(inside),
        "outside": np.column_stack(outside),
    }


def unseen(
    features: sparse.csr_matrix,
    owners: list[Row],
    tune_features: sparse.csr_matrix,
    tuned: list[Row],
    unit: Unit,
) -> np.ndarray:
    """Scores of the tune texts by models without their source; else NaN."""
    tune_source = np.array([r.source for r in tuned])
    found = np.full(len(tuned), np.nan)
    for left_out in sorted({r.source for r in tuned if r.label == "human"}):
        started = time.time()
        keep = np.flatnonzero([not r.stems_from({left_out}) for r in owners])
        partial = learn(features[keep], [owners[i] for i in keep])
        its = tune_source == left_out
        found[its] = partial.decision_function(tune_features[its])
        took = time.time() - started
        print(f"{unit} without {left_out}: {took:.0f} s", flush=True)
    return found


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    for name in ("rows", "base", "out"):
        arguments.add_argument(name, type=Path)
    given = arguments.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    rows = pickle.loads(given.rows.read_bytes())
    tokenizer = Tokenizer.from_file(str(given.base / "tokenizer.json"))
    found = {
        lang: arms(rows["train", lang], lang, tokenizer, given.out)
        for lang in LANGUAGES
    }
    (given.out / "ngram_scores.pkl").write_bytes(pickle.dumps(found))


if __name__ == "__main__":
    main()
