"""Learns the n-gram arm, and scores every text by a model that never saw its source.

usage: ngrams.py ROWS OUT_DIR

Writes `ngram_{lang}.npz` (the weights that ship) and `ngram_scores.pkl`: for
the tune rows the score of a model that knew the source but not the author
("inside") and of one from which the whole source was kept ("outside").
"""

import argparse
import pickle
import time
from pathlib import Path

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from services.detector.domain.ngrams import NgramSpec, count_ngrams
from services.detector.training.data import LANGUAGES, Row, crop
from services.detector.training.encoder import PASSAGE, WEIGHTS

SPECS = {
    "zh": NgramSpec(1, 4, within_words=False, bucket_bits=19),
    "en": NgramSpec(2, 5, within_words=True, bucket_bits=19),
}
STRENGTH = {"zh": 20.0, "en": 20.0}  # inverse of the L2 penalty
LONGEST = 1500


def matrix(texts: list[str], spec: NgramSpec) -> sparse.csr_matrix:
    parts = []
    for start in range(0, len(texts), 512):
        some = texts[start : start + 512]
        counts = count_ngrams(some, spec)
        shape = (len(some), spec.bucket_count)
        parts.append(
            sparse.csr_matrix((counts.values, (counts.rows, counts.buckets)), shape)
        )
    return sparse.vstack(parts).tocsr()


def passages(rows: list[Row]) -> tuple[list[Row], list[str]]:
    """Each text whole and as two random passages, so that length tells nothing."""
    owners, texts = [], []
    for row in rows:
        variants = {row.text[:LONGEST]} | {
            crop(row, *PASSAGE[row.lang], f"n{k}") for k in range(2)
        }
        for text in sorted(variants):
            owners.append(row)
            texts.append(text)
    return owners, texts


def weights_of(owners: list[Row]) -> np.ndarray:
    """Balanced: a source counts by the root of its size, people as much as machines."""
    pairs = [(r.source, r.label) for r in owners]
    sizes = {p: pairs.count(p) for p in set(pairs)}
    weight = np.array([WEIGHTS.get(p, 1.0) / sizes[p] ** 0.3 for p in pairs])
    machine = np.array([r.label == "ai" for r in owners])
    for side in (machine, ~machine):
        if side.any():
            weight[side] *= 0.5 / weight[side].sum()
    return weight * len(owners)


def learn(
    features: sparse.csr_matrix, owners: list[Row], lang: str
) -> LogisticRegression:
    """Machine against person; a polished text counts as the person's."""
    target = np.array([r.label == "ai" for r in owners])
    model = LogisticRegression(C=STRENGTH[lang], max_iter=120, tol=1e-3)
    return model.fit(features, target, sample_weight=weights_of(owners))


def arm(rows: list[Row], lang: str, out: Path) -> dict[str, dict[str, float]]:
    spec = SPECS[lang]
    fit = [r for r in rows if r.part == "fit" and r.text]
    tune = [r for r in rows if r.part == "tune" and r.text]
    owners, texts = passages(fit)
    features = matrix(texts, spec)
    tune_owners, tune_texts = passages(tune)
    tune_features = matrix(tune_texts, spec)
    model = learn(features, owners, lang)
    scores = {"inside": model.decision_function(tune_features)}
    source = np.array([r.source for r in owners])
    tune_source = np.array([r.source for r in tune_owners])
    outside = np.full(len(tune_owners), np.nan)
    for left_out in sorted(set(source) | set(tune_source)):
        started = time.time()
        keep = np.flatnonzero(source != left_out)
        partial = learn(features[keep], [owners[i] for i in keep], lang)
        its = tune_source == left_out
        outside[its] = partial.decision_function(tune_features[its])
        print(f"{lang} without {left_out}: {time.time() - started:.0f} s", flush=True)
    scores["outside"] = outside
    everything = sparse.vstack([features, tune_features]).tocsr()
    final = learn(everything, owners + tune_owners, lang)
    np.savez_compressed(
        out / f"ngram_{lang}.npz",
        weight=final.coef_[0].astype(np.float32),
        bias=final.intercept_,
    )
    np.savez_compressed(
        out / f"ngram_{lang}_fit.npz",
        weight=model.coef_[0].astype(np.float32),
        bias=model.intercept_,
    )
    return {"rows": tune_owners, "texts": tune_texts, **scores}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    for name in ("rows", "out"):
        arguments.add_argument(name, type=Path)
    given = arguments.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    rows = pickle.loads(given.rows.read_bytes())
    found = {lang: arm(rows["train", lang], lang, given.out) for lang in LANGUAGES}
    (given.out / "ngram_scores.pkl").write_bytes(pickle.dumps(found))


if __name__ == "__main__":
    main()
