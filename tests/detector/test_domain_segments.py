from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.detector.domain.assessment import Language
from services.detector.domain.segments import MAX_PASSAGES, passages, sampled

LANGUAGES = st.sampled_from([Language.ZH, Language.EN])


@given(st.text("ab。. !", max_size=40), st.integers(1, 400), LANGUAGES)
def test_passages_cover_the_text_without_gap(
    piece: str, times: int, language: Language
) -> None:
    text = piece * times

    found = passages(text, language)

    assert found[0][0] == 0
    assert found[-1][1] == len(text)
    assert all(a[1] == b[0] for a, b in pairwise(found))
    assert all(start < end for start, end in found if text)
    assert len(found) <= MAX_PASSAGES


def test_a_short_text_is_one_passage() -> None:
    assert passages("短短一句话。", Language.ZH) == ((0, 6),)


def test_passages_end_with_sentences() -> None:
    text = "这是一个句子,它不长。" * 60

    found = passages(text, Language.ZH)

    assert len(found) > 1
    assert all(text[end - 1] == "。" for _, end in found)


def test_a_sample_is_spread_over_the_whole_text() -> None:
    assert sampled(3, 4) == (0, 1, 2)
    assert sampled(10, 4) == (0, 3, 6, 9)
