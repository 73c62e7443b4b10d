import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from services.accounts.domain.fingerprints import fingerprint, likeness

KEY, OTHER = b"k" * 32, b"o" * 32
LONG = "we walked along the river until the lights of the old town came into view"


def test_links_names_and_numbers_do_not_tell_templates_apart() -> None:
    left = fingerprint("Hi @ann, 50% off at https://a.example/1 today", KEY)
    right = fingerprint("hi @bob, 30% off at https://b.example/2 today", KEY)

    assert left.template == right.template
    assert left.opening == right.opening


def test_another_key_gives_other_hashes() -> None:
    left, right = fingerprint(LONG, KEY), fingerprint(LONG, OTHER)

    assert left.template != right.template
    assert left.sketch != right.sketch
    sketches = [np.frombuffer(each.sketch, np.uint8) for each in (left, right)]
    assert likeness(*sketches) < 0.3  # a rotation hides reuse, it never invents it


def test_a_changed_word_stays_alike_and_another_text_does_not() -> None:
    def sketch(text: str) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
        return np.frombuffer(fingerprint(text, KEY).sketch, np.uint8)

    near = likeness(sketch(LONG), sketch(LONG.replace("view", "sight")))
    far = likeness(sketch(LONG), sketch("今天去了人民广场附近的小店味道真的很不错推荐"))

    assert likeness(sketch(LONG), sketch(LONG)) == 1
    assert near > 0.6
    assert far < 0.3


def test_short_texts_have_no_sketch() -> None:
    assert fingerprint("good morning all", KEY).sketch == b""


@given(st.text(max_size=200))
def test_any_text_has_a_fingerprint_that_is_always_the_same(text: str) -> None:
    assert fingerprint(text, KEY) == fingerprint(text, KEY)
