"""N-grams of many texts at once, hashed into buckets.

A rolling polynomial hash over code points, vectorised over the whole batch:
no Python loop sees a character, which is what makes the cheap arms cheap.
An n-gram is of characters or of word pieces; pieces are counted as characters
of a script of their own, see `spelled`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

SEPARATOR = 0x20
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_BASE = np.uint64(1_000_003)


_FIRST_PIECE = 0x10000  # code point of piece 0: beyond every surrogate


class Unit(StrEnum):
    """What n-grams are made of."""

    CHARACTERS = "characters"
    PIECES = "pieces"


@dataclass(frozen=True, slots=True)
class NgramSpec:
    """Which n-grams an arm counts; part of the model card."""

    unit: Unit
    shortest: int
    longest: int
    within_words: bool  # n-grams may touch, but not contain, a space
    bucket_bits: int

    @property
    def bucket_count(self) -> int:
        """How many weights the arm holds."""
        return 1 << self.bucket_bits


@dataclass(frozen=True, slots=True)
class NgramCounts:
    """Sparse rows: entry *k* says text `rows[k]` has `values[k]` in `buckets[k]`.

    Values are log counts scaled to unit length per text. Rows are sorted.
    """

    rows: NDArray[np.int64]
    buckets: NDArray[np.int64]
    values: NDArray[np.float32]
    text_count: int


def count_ngrams(texts: Sequence[str], spec: NgramSpec) -> NgramCounts:
    """Count the n-grams of normalised *texts*; a text without any has no entry."""
    codes, owner = _joined(texts)
    space = codes == SEPARATOR
    limit = codes.size
    keys: list[NDArray[np.uint64]] = []
    rolling = np.zeros(limit, dtype=np.uint64)
    wide = codes.astype(np.uint64)
    blocked = np.zeros(limit, dtype=bool)  # windows with a space where none may be
    for n in range(1, spec.longest + 1):
        size = limit - n + 1
        if size <= 0:
            break
        rolling = rolling[:size] * _BASE + wide[n - 1 :]
        blocked = _blocked(blocked, space, n, spec.within_words)
        if n < spec.shortest:
            continue
        chosen = np.flatnonzero(~blocked)
        mixed = (rolling[chosen] + np.uint64(n)) * _MULTIPLIER
        bucket = mixed >> np.uint64(64 - spec.bucket_bits)
        # A window that starts with a space belongs to the word after it.
        row = owner[chosen + space[chosen]].astype(np.uint64)
        keys.append((row << np.uint64(spec.bucket_bits)) | bucket)
    return _counted(keys, spec, len(texts))


def spelled(pieces: Sequence[int]) -> str:
    """The ids of a text's word pieces as a text with a character a piece.

    Ids are from 0 to 1,000,000, as Unicode has characters for no more.
    """
    return "".join([chr(_FIRST_PIECE + piece) for piece in pieces])


def _joined(texts: Sequence[str]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Code points of all texts between separators, and which text each is of."""
    joined = " " + " ".join(texts) + " "
    codes = np.frombuffer(joined.encode("utf-32-le", "replace"), dtype=np.uint32)
    lengths = np.fromiter((len(t) + 1 for t in texts), dtype=np.int64, count=len(texts))
    owner = np.repeat(np.arange(len(texts)), lengths)
    ends = np.array([len(texts) - 1], dtype=np.int64)
    return codes, np.concatenate([owner[:1], owner, ends])


def _blocked(
    before: NDArray[np.bool_], space: NDArray[np.bool_], n: int, within_words: bool
) -> NDArray[np.bool_]:
    size = space.size - n + 1
    if not within_words:
        return before[:size] | space[n - 1 :]
    if n < 2:
        return space.copy()
    if n == 2:
        return space[:size] & space[1:]
    # Growing a window by one turns its last character into an inner one.
    inner = before[:size] | space[n - 2 : n - 2 + size]
    return inner if n > 2 else before


def _counted(
    keys: list[NDArray[np.uint64]], spec: NgramSpec, text_count: int
) -> NgramCounts:
    merged = np.concatenate(keys) if keys else np.zeros(0, dtype=np.uint64)
    merged.sort()
    first = np.ones(merged.size, dtype=bool)
    first[1:] = merged[1:] != merged[:-1]
    starts = np.flatnonzero(first)
    counts = np.diff(np.append(starts, merged.size))
    unique = merged[starts]
    rows = (unique >> np.uint64(spec.bucket_bits)).astype(np.int64)
    buckets = (unique & np.uint64(spec.bucket_count - 1)).astype(np.int64)
    values = np.log1p(counts).astype(np.float32)
    squares = np.bincount(rows, weights=values * values, minlength=text_count)
    lengths = np.sqrt(squares).astype(np.float32)
    return NgramCounts(rows, buckets, values / lengths[rows], text_count)
