from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.detector.domain.ngrams import NgramSpec, Unit, count_ngrams, spelled

WORDS = NgramSpec(Unit.CHARACTERS, 2, 5, within_words=True, bucket_bits=40)
CHARACTERS = NgramSpec(Unit.CHARACTERS, 1, 4, within_words=False, bucket_bits=40)


def by_hand(text: str, spec: NgramSpec) -> Counter[str]:
    padded = f" {text} "
    windows = [
        padded[i : i + n]
        for n in range(spec.shortest, spec.longest + 1)
        for i in range(len(padded) - n + 1)
    ]
    if spec.within_words:
        return Counter(w for w in windows if " " not in w[1:-1] and w.strip())
    return Counter(w for w in windows if " " not in w)


@pytest.mark.parametrize("spec", [WORDS, CHARACTERS])
@given(texts=st.lists(st.text("ab 你好!", max_size=30), min_size=1, max_size=5))
def test_a_batch_counts_what_counting_by_hand_does(
    spec: NgramSpec, texts: list[str]
) -> None:
    found = count_ngrams(texts, spec)

    for row, text in enumerate(texts):
        counts = np.array(sorted(by_hand(text, spec).values()), dtype=float)
        expected = np.log1p(counts)
        expected /= np.sqrt((expected**2).sum()) or 1.0
        assert np.allclose(np.sort(found.values[found.rows == row]), expected)


@given(st.lists(st.text(max_size=40), min_size=2, max_size=6))
def test_neighbours_in_a_batch_do_not_change_a_text(texts: list[str]) -> None:
    together = count_ngrams(texts, WORDS)
    alone = count_ngrams(texts[-1:], WORDS)

    its = together.rows == len(texts) - 1
    assert np.array_equal(together.buckets[its], alone.buckets)
    assert np.array_equal(together.values[its], alone.values)


@given(st.lists(st.integers(0, 1_000_000), max_size=30))
def test_pieces_are_spelled_one_character_each_and_none_is_a_space(
    pieces: list[int],
) -> None:
    text = spelled(pieces)

    assert len(text) == len(pieces)
    assert " " not in text
    assert len(set(text)) == len(set(pieces))
