"""Reuse inside one account, seen through fingerprints alone."""

import numpy as np

from services.accounts.domain.arrays import Bools, Ints
from services.accounts.domain.evidence import Signal
from services.accounts.domain.fingerprints import likeness
from services.accounts.domain.history import History
from services.accounts.domain.moments import commonest, count
from services.accounts.domain.signals.made import insufficient, spoken

MIN_TEXTS = 8
NEAR = 0.5


def exact_reuse(history: History) -> Signal:
    """Share of texts that repeat an earlier one after masking, in [0, 1]."""
    texts = history.texts
    hashes = texts.template[texts.worded].tolist()
    n = len(hashes)
    if n < MIN_TEXTS:
        return insufficient("EXACT_REUSE", n, texts.span)
    return spoken("EXACT_REUSE", 1.0 - len(set(hashes)) / n, n, texts.span)


def near_reuse(history: History) -> Signal:
    """Share of texts with a near-duplicate (Jaccard >= .5 of shingles), [0, 1].

    Exact repetitions count once: they are EXACT_REUSE.
    """
    texts = history.texts
    if not len(texts):
        return insufficient("NEAR_REUSE", 0, texts.span)
    chosen = texts.sketched & _first_of(texts.template)
    n = count(chosen)
    if n < MIN_TEXTS:
        return insufficient("NEAR_REUSE", n, texts.span)
    sketches = np.ascontiguousarray(texts.sketch[chosen])
    alike = likeness(sketches[:, None], sketches[None]) >= NEAR
    value = count(np.add.reduce(alike, axis=1) > 1) / n
    return spoken("NEAR_REUSE", value, n, texts.span)


def opening_reuse(history: History) -> Signal:
    """Share of texts whose first three words opened an earlier one, in [0, 1]."""
    texts = history.texts
    openings = [opening for opening in texts.opening.tolist() if opening]
    n = len(openings)
    if n < MIN_TEXTS:
        return insufficient("OPENING_REUSE", n, texts.span)
    value = 1.0 - len(set(openings)) / n
    return spoken("OPENING_REUSE", value, n, texts.span)


def shape_reuse(history: History) -> Signal:
    """Share of texts in the commonest shape (tags, links, names, breaks), [0, 1]."""
    texts = history.texts
    shapes = texts.shape[texts.worded].tolist()
    n = len(shapes)
    if n < MIN_TEXTS:
        return insufficient("SHAPE_REUSE", n, texts.span)
    return spoken("SHAPE_REUSE", commonest(shapes) / n, n, texts.span)


def _first_of(hashes: Ints) -> Bools:
    places: dict[int, int] = {}
    for place, each in enumerate(hashes.tolist()):
        places.setdefault(each, place)
    chosen: Bools = np.zeros(len(hashes), dtype=np.bool_)
    chosen[list(places.values())] = True
    return chosen
