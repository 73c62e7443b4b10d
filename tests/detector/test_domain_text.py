import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.detector.domain.text import normalise

PLAIN = "the weather was lovely so we walked home along the river"


def codes(text: str) -> set[str]:
    return {mark.code for mark in normalise(text).marks}


@given(st.text(st.characters(codec=None), max_size=200))
def test_any_string_is_normalised_with_an_origin_for_each_character(text: str) -> None:
    found = normalise(text)

    assert len(found.origins) == len(found.text)
    assert np.all(np.diff(found.origins) >= 0)
    assert all(0 <= origin < len(text) for origin in found.origins)


@given(st.text(st.characters(codec=None), max_size=200))
def test_what_is_normalised_can_be_encoded(text: str) -> None:
    normalise(text).text.encode("utf-8")


@pytest.mark.parametrize(
    ("disguised", "code"),
    [
        ("\u200b".join(PLAIN), "ZERO_WIDTH"),
        (PLAIN.replace("the", "\u202ethe\u202c"), "BIDI"),
        (PLAIN.replace("o", "о").replace("a", "а"), "HOMOGLYPH"),
        (PLAIN.replace("lovely", "l o v e l y"), "SPACED_LETTERS"),
        (PLAIN.replace(" ", "\u2009"), "ODD_SPACE"),
        (PLAIN.replace("river", "𝓻𝓲𝓿𝓮𝓻"), "STYLED_LETTERS"),
        (PLAIN + "\ud800", "BROKEN_UNICODE"),
    ],
)
def test_a_disguise_is_undone_and_reported(disguised: str, code: str) -> None:
    found = normalise(disguised)

    assert found.text == PLAIN
    assert codes(disguised) == {code}


@pytest.mark.parametrize(
    "dressed",
    [
        PLAIN.upper(),
        "**" + PLAIN + "**",
        "# " + PLAIN,
        "Here is the rewritten post: " + PLAIN,
        PLAIN.replace(" ", "  \n"),
        PLAIN + " 😀😀👩‍👩‍👧",
        PLAIN + " https://example.org/a?b=c",
    ],
)
def test_dress_that_changes_no_word_is_taken_off_without_blame(dressed: str) -> None:
    found = normalise(dressed)

    assert found.text.strip() == PLAIN
    assert found.marks == ()


def test_a_letter_alone_is_undisguised_only_beside_words_that_mix_alphabets() -> None:
    disguised = "it was а day like any оther, with a bоat and а dog"
    plain = "it was a day like any other, with a boat and a dog"
    assert normalise(disguised).text == plain
    science = normalise("we set α to 0.05 and β to 0.2, as is usual in the field")
    assert "α" in science.text
    assert science.marks == ()


def test_chinese_loses_its_spaces_and_keeps_its_punctuation() -> None:
    assert (
        normalise("今天 天气 真好 , 我们 去 “公园” 。").text
        == '今天天气真好,我们去"公园"。'
    )


def test_ordinary_chinese_english_and_greek_words_carry_no_mark() -> None:
    assert codes("我用iPhone拍的,真的 so good!") == set()
    assert codes("the angle α is small, Ωμέγα means big") == set()
    assert codes("Здравствуй, мир! Hello.") == set()


def test_a_span_leads_back_to_the_original() -> None:
    text = "😀 **Hello**  wörld\u200b!"
    found = normalise(text)
    start = found.text.index("wörld")

    first, last = found.original_span(start, start + 5)

    assert text[first:last].startswith("wörld")


@pytest.mark.parametrize(
    "piece", ["a", " ", "[", "&", "@", "#", "* ", "汉字, ", "aб", "a b ", "e\u0301"]
)
def test_a_megabyte_takes_linear_time(piece: str) -> None:
    text = piece * (250_000 // len(piece))

    started = time.process_time()
    normalise(text)

    assert time.process_time() - started < 3


def test_emoji_inside_a_word_are_a_trick_and_between_words_they_are_not() -> None:
    inside = normalise("a won😀derful e🔥🔥vening")
    between = normalise("a wonderful 😀 evening🔥 Thanks")

    assert inside.text == "a wonderful evening"
    assert [mark.code for mark in inside.marks] == ["SPLIT_WORD"]
    assert between.marks == ()
