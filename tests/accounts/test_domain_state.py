from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.accounts.domain.activities import (
    Activity,
    ActivityType,
    Client,
    ClientKind,
    Score,
    Target,
)
from services.accounts.domain.history import History
from services.accounts.domain.state import (
    KEPT_EVENTS,
    KEPT_TEXTS,
    MAX_STATE_BYTES,
    Facts,
    ProfileState,
    fold,
)
from tests.accounts.acts import START, a_note, a_score, an_activity, folded

moments = st.integers(0, 90 * 86_400).map(lambda s: START + timedelta(seconds=s))
clients = st.none() | st.builds(
    Client,
    st.sampled_from(ClientKind),
    device_hash=st.integers(0, 12).map(lambda n: f"phone {n}" if n else ""),
    network_hash=st.integers(0, 12).map(lambda n: f"net {n}" if n else ""),
)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Activity], list[Score]]:
    """Activities with unique ids, edits of some, and scores of any of them."""
    notes = [
        a_note(
            f"n{i}",
            draw(st.sampled_from(("one two three", "four five six seven eight nine"))),
            draw(moments),
            type=draw(st.sampled_from(ActivityType)),
            target=Target(content="n0"),
            published_with=draw(clients),
        )
        for i in range(draw(st.integers(1, 25)))
    ]
    edits = [
        a_note(
            f"e{i}",
            draw(st.sampled_from(("", "better words"))),
            draw(moments),
            type=ActivityType.EDIT,
            target=Target(content=draw(st.sampled_from(notes)).id),
        )
        for i in range(draw(st.integers(0, 6)))
    ]
    scores = [
        a_score(
            draw(st.sampled_from(notes + edits)),
            draw(st.floats(-3, 3)),
            score_time=draw(moments),
            model_digest=draw(st.sampled_from("ab")),
            shadow=draw(st.booleans()),
        )
        for _ in range(draw(st.integers(0, 20)))
    ]
    return notes + edits, scores


@settings(max_examples=30, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_any_order_and_batching_gives_the_same_bytes(
    history: tuple[list[Activity], list[Score]], random: object
) -> None:
    activities, scores = history
    facts: list[Activity | Score] = [*activities, *scores]
    at_once = folded(activities, scores).to_bytes()

    random.shuffle(facts)  # type: ignore[attr-defined]
    state = ProfileState.empty()
    for each in facts:
        one = Facts((each,)) if isinstance(each, Activity) else Facts((), (each,))
        state = ProfileState.from_bytes(fold(state, one).to_bytes())

    assert state.to_bytes() == at_once


def test_windows_keep_the_latest_whatever_comes_late() -> None:
    notes = [
        a_note(f"{i}", f"word number {i}", START + timedelta(minutes=i))
        for i in range(400)
    ]
    scores = [a_score(each, 1.0) for each in notes]

    forward = folded(notes, scores)
    backward = ProfileState.empty()
    for i in range(400, 0, -50):
        backward = fold(backward, Facts(notes[i - 50 : i], scores[i - 50 : i]))

    assert backward.to_bytes() == forward.to_bytes()
    history = History.open(forward)
    assert (len(history.events), len(history.texts)) == (KEPT_EVENTS, KEPT_TEXTS)
    assert history.state.tallies.activity_count == 400


def test_a_state_from_before_devices_is_still_read() -> None:
    state = folded([a_note("n", "one two three"), an_activity("m")])
    packed = state.to_bytes()

    older = bytes((1, *packed[1:4])) + packed[6:]

    assert ProfileState.from_bytes(older) == state


def test_a_full_state_fits_its_bound() -> None:
    old = datetime(2020, 1, 1, tzinfo=UTC)
    voices = [a_note(f"v{i}", "an old text", old + timedelta(i)) for i in range(40)]
    notes = [a_note(f"{i}", "a text", START + timedelta(hours=i)) for i in range(300)]
    phones = [
        an_activity(
            f"d{i}", published_with=Client(device_hash=f"{i}", network_hash=f"{i}")
        )
        for i in range(40)
    ]
    scores = [a_score(each, 0.1) for each in voices + notes]
    state = folded(voices + notes + phones, scores)

    assert len(state.to_bytes()) <= MAX_STATE_BYTES
    assert ProfileState.from_bytes(state.to_bytes()) == state


def test_an_edit_replaces_the_score_of_what_it_edits() -> None:
    note = a_note("n", "the first words of this note", START)
    edit = a_note(
        "e",
        "quite other words than before",
        START + timedelta(hours=1),
        type=ActivityType.EDIT,
        target=Target(content="n"),
    )

    state = folded([edit, note], [a_score(edit, -2.0), a_score(note, 2.5)])

    texts = History.open(state).texts
    assert len(texts) == 1
    assert texts.log_ratio.tolist() == [-2.0]


def test_a_deleted_text_counts_no_more() -> None:
    note = a_note("n", "soon gone", START)
    deletion = an_activity(
        "d",
        type=ActivityType.EDIT,
        event_time=START + timedelta(hours=1),
        target=Target(content="n"),
    )

    state = folded([note, deletion], [a_score(note, 2.5)])

    assert len(History.open(state).texts) == 0


def test_the_later_score_of_a_text_stands() -> None:
    note = a_note("n", "some words", START)
    early = a_score(note, 2.0, score_time=START + timedelta(seconds=5))
    late = a_score(note, -1.0, score_time=START + timedelta(days=5))

    assert History.open(folded([note], [late, early])).texts.log_ratio.tolist() == [-1]


def test_shadow_scores_change_nothing() -> None:
    note = a_note("n", "some words", START)

    assert folded([note], [a_score(note, 2, shadow=True)]) == folded([note])


def test_scores_of_a_quarantined_model_say_nothing() -> None:
    note = a_note("n", "some words", START)
    state = folded([note], [a_score(note, 2.0, model_digest="bad")])

    assert History.open(state, {"bad"}).texts.scored.tolist() == [False]
    assert History.open(state, {"other"}).texts.scored.tolist() == [True]
