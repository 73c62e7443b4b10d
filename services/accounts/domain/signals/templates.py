"""Reuse inside one account, seen through fingerprints alone."""

import numpy as np

from services.accounts.domain.evidence import Signal
from services.accounts.domain.fingerprints import likeness
from services.accounts.domain.history import Bools, History, Ints
from services.accounts.domain.signals.made import insufficient, spoken

MIN_TEXTS = 8
NEAR = 0.5


def exact_reuse(history: History) -> Signal:
    """Share of texts that repeat an earlier one after masking, in [0, 1]."""
    texts = history.texts
    hashes = texts.template[texts.template != 0]
    if len(hashes) < MIN_TEXTS:
        return insufficient("EXACT_REUSE", len(hashes), texts.time)
    return spoken("EXACT_REUSE", _repeats(hashes), len(hashes), texts.time)


def near_reuse(history: History) -> Signal:
    """Share of texts with a near-duplicate (Jaccard >= .5 of shingles), [0, 1].

    Exact repetitions count once: they are EXACT_REUSE.
    """
    texts = history.texts
    chosen = texts.sketched & _first_of(texts.template)
    sketches = np.ascontiguousarray(texts.sketch[chosen])
    if len(sketches) < MIN_TEXTS:
        return insufficient("NEAR_REUSE", len(sketches), texts.time)
    alike = likeness(sketches[:, None], sketches[None]) >= NEAR
    value = (alike.sum(axis=1) > 1).mean()
    return spoken("NEAR_REUSE", value, len(sketches), texts.time)


def opening_reuse(history: History) -> Signal:
    """Share of texts that open with the three commonest first words, [0, 1]."""
    texts = history.texts
    openings = texts.opening[texts.opening != 0]
    if len(openings) < MIN_TEXTS:
        return insufficient("OPENING_REUSE", len(openings), texts.time)
    _, counts = np.unique(openings, return_counts=True)
    value = counts.max() / len(openings)
    return spoken("OPENING_REUSE", value, len(openings), texts.time)


def shape_reuse(history: History) -> Signal:
    """Share of texts in the commonest shape (tags, links, names, breaks), [0, 1]."""
    texts = history.texts
    shapes = texts.shape[texts.template != 0]
    if len(shapes) < MIN_TEXTS:
        return insufficient("SHAPE_REUSE", len(shapes), texts.time)
    _, counts = np.unique(shapes, return_counts=True)
    return spoken("SHAPE_REUSE", counts.max() / len(shapes), len(shapes), texts.time)


def _repeats(hashes: Ints) -> float:
    return 1.0 - len(np.unique(hashes)) / len(hashes)


def _first_of(hashes: Ints) -> Bools:
    _, first = np.unique(hashes, return_index=True)
    chosen = np.zeros(len(hashes), dtype=np.bool_)
    chosen[first] = True
    return chosen
