from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accounts.domain.evidence import Signal, SignalState
from services.accounts.domain.fingerprints import fingerprint
from services.accounts.domain.history import History
from services.accounts.domain.signals import measure
from tests.accounts.acts import START, a_note, folded

STOP, ASK, SENTENCES = 1 << 12, 1 << 14, 1 << 15
KEY = b"k" * 32


def signals(texts: list[str]) -> dict[str, Signal]:
    notes = [
        a_note(f"{i}", text, START + timedelta(hours=i)) for i, text in enumerate(texts)
    ]
    return {each.code: each for each in measure(History.open(folded(notes)))}


@pytest.mark.parametrize(
    ("text", "bits"),
    [
        ("what a day", 0),
        ("What a day. https://a.example/x?y=1! #sun @ann", STOP),
        ("It rained all day. \U0001f327\ufe0f", STOP),
        ("Rain again?! I stay in.", STOP | ASK | SENTENCES),
        (
            "\u4eca\u5929\u771f\u597d\uff01\u660e\u5929\u518d\u6765\u3002",
            STOP | ASK | SENTENCES,
        ),
        ("version 2.5.1 is out", 0),
        ("", 0),
    ],
)
def test_the_shape_tells_how_the_prose_ends_asks_and_goes_on(
    text: str, bits: int
) -> None:
    """Links, names, hashtags and emoji are no prose."""
    shape = fingerprint(text, KEY).shape

    assert shape & (STOP | ASK | SENTENCES) == bits


@given(st.text(alphabet=".!?a\u3002 #@\n", max_size=200))
def test_any_shape_fits_its_sixteen_bits(text: str) -> None:
    assert 0 <= fingerprint(text, KEY).shape < 1 << 16


def test_marks_are_counted_in_shares_of_texts() -> None:
    written = ["We met an old friend today. Was it not good?"] * 6
    found = signals([*written, "ok", "home now"])

    assert found["STOP_SHARE"].value == 0.75
    assert found["ASK_SHARE"].value == 0.75
    assert found["SENTENCE_SHARE"].value == 0.75
    assert found["SHORT_SHARE"].value == 0.25


def test_seven_texts_are_too_few() -> None:
    found = signals(["One. Two!"] * 7)

    for code in ("STOP_SHARE", "ASK_SHARE", "SENTENCE_SHARE", "SHORT_SHARE"):
        assert found[code].state is SignalState.INSUFFICIENT
