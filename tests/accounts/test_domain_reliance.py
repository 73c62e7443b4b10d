from datetime import timedelta
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accounts.domain.activities import (
    ActivityType,
    AigcLabel,
    ContentKind,
    LabelKind,
)
from services.accounts.domain.fitted import RELIANCE
from services.accounts.domain.items import Items
from services.accounts.domain.reliance import Reliance, RelianceState, estimate
from tests.accounts.acts import (
    START,
    TOOL,
    TYPED,
    a_note,
    a_score,
    an_activity,
    derived,
)

WINDOW = timedelta(days=90)
LABEL = AigcLabel(LabelKind.GENERATED)
NONE = np.zeros(0)


def items(style: list[float], hard: float = 0.0) -> Items:
    n = len(style)
    return Items(
        np.arange(n, dtype=float),
        (b"",) * n,
        np.array(style),
        np.ones(n, dtype=bool),
        np.full(n, hard),
    )


def of(
    style: list[float], hard: float = 0.0, voices: list[float] | None = None
) -> Reliance:
    return estimate(items(style, hard), np.array(voices or []), RELIANCE, WINDOW)


def test_too_few_texts_are_not_identifiable() -> None:
    found = of([3.0] * 4)

    assert found.state is RelianceState.NOT_IDENTIFIABLE
    assert found.lower == 0


def test_ratios_of_one_accuse_nobody() -> None:
    found = of([0.22] * 30)

    assert found.lower == found.median == 0
    assert found.probability_none > 0.8


def test_texts_of_a_person_give_no_reliance() -> None:
    found = of([-2.5] * 20)

    assert found.upper < 0.2
    assert found.probability_none > 0.9


def test_style_alone_never_reaches_the_ban() -> None:
    assert 0.4 < of([9.0] * 48).lower < 0.9


def test_twenty_hard_facts_reach_the_ban_and_ten_do_not() -> None:
    assert of([0.0] * 20, log(1000)).lower >= 0.9
    assert of([0.0] * 10, log(1000)).lower < 0.9


def test_a_third_of_hard_posts_is_a_third() -> None:
    mixed = items([-2.5] * 48)
    mixed.hard[::3] = log(1000)
    found = estimate(mixed, NONE, RELIANCE, WINDOW)

    assert found.lower < 1 / 3 < found.upper
    assert found.hard_count == 16
    assert found.probability_none == pytest.approx(0, abs=1e-9)


def test_old_texts_that_read_alike_excuse_new_ones() -> None:
    assert of([2.2] * 12, voices=[2.2] * 12).lower <= of([2.2] * 12).lower
    assert of([2.2] * 12, voices=[2.2] * 12).median < of([2.2] * 12).median


@given(st.lists(st.floats(-32, 32), max_size=48), st.sampled_from([0.0, log(300)]))
def test_intervals_are_ordered_and_in_range(style: list[float], hard: float) -> None:
    found = of(style, hard)

    assert 0 <= found.lower <= found.median <= found.upper <= 1
    assert 0 <= found.probability_none <= 1


@given(st.lists(st.floats(-3, 3), min_size=5, max_size=30), st.integers(0, 4))
def test_more_evidence_of_ai_never_lowers_reliance(style: list[float], at: int) -> None:
    raised = [*style]
    raised[at] += 1.0

    assert of(raised).median >= of(style).median


def test_what_does_not_claim_to_be_own_words_is_left_out() -> None:
    def labelled(**given: object) -> int:
        note = an_activity("n", **({"label": LABEL} | given))
        return derived([note]).reliances[0].eligible_count

    assert labelled() == 1
    assert labelled(declared_ai=True) == 0
    assert labelled(type=ActivityType.REPOST) == 0
    assert labelled(type=ActivityType.OTHER) == 0
    assert labelled(content_kind=ContentKind.QUOTATION) == 0
    assert labelled(content_kind=ContentKind.TRANSLATION) == 0
    assert labelled(event_time=START) == 1


def test_posts_before_the_rule_began_never_count() -> None:
    note = an_activity("n", label=LABEL)
    later = START + timedelta(days=1)

    assert derived([note], effective_time=later).reliances[0].eligible_count == 0


def test_template_posts_count_once() -> None:
    notes = [
        a_note(
            f"{i}", "Open today from 9 to 5", START + timedelta(i), composed_with=TOOL
        )
        for i in range(6)
    ]

    assert derived(notes).reliances[0].eligible_count == 1


def test_windows_look_back_thirty_and_ninety_days() -> None:
    days = (0, 40, 80, 100)
    notes = [
        an_activity(f"{d}", label=LABEL, event_time=START + timedelta(days=d))
        for d in days
    ]

    assert [each.eligible_count for each in derived(notes).reliances] == [2, 3]


def test_typing_in_an_attested_app_speaks_against_a_ratio() -> None:
    notes = [
        a_note(f"{i}", f"text {'ab'[i % 2]} {i * 'x'}", START + timedelta(hours=i))
        for i in range(12)
    ]
    scores = [a_score(each, 2.9) for each in notes]
    typed = [
        a_note(each.id, "text", each.event_time, composed_with=TYPED) for each in notes
    ]
    typed = [
        an_activity(t.id, event_time=t.event_time, composed_with=TYPED, text_length=9)
        for t in typed
    ]

    assert (
        derived(typed, scores).reliances[1].median
        < derived(notes, scores).reliances[1].median
    )
