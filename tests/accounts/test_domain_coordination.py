"""Who acts together: found among many who do not, and never the one who is copied."""

from collections.abc import Iterable
from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from services.accounts.domain.coordination.acts import (
    SECOND,
    SHIPPED,
    Collected,
    Glimpse,
    Seen,
    number_of,
)
from services.accounts.domain.coordination.findings import cohorts, search
from services.accounts.domain.coordination.grouping import named
from services.accounts.domain.fingerprints import fingerprint
from services.accounts.domain.times import to_us
from tests.accounts.acts import KEY, START

Deed = tuple[str, float, str]  # account, seconds from the start, object or text
DAY = 86_400
FARM = tuple(f"farm{number:02}" for number in range(12))


def collected(deeds: Iterable[Deed], texts: Iterable[Deed] = ()) -> Seen:
    gathered = Collected()
    begin = to_us(START)
    rows = [(a, at, number_of(f"3:{what}"), b"") for a, at, what in deeds]
    rows += [(a, at, 0, fingerprint(what, KEY).sketch) for a, at, what in texts]
    for account, at, number, sketch in sorted(rows):
        moment = begin + round(at * SECOND)
        gathered.add(account, moment, Glimpse(number, 0, 0), sketch)
    return gathered.seen()


def crowd(random: Random, people: int = 150) -> list[Deed]:
    """People who like some of what is popular, each when they see it."""
    return [
        (f"p{person:03}", random.uniform(0, 5 * DAY), f"o{random.randrange(400)}")
        for person in range(people)
        for _ in range(30)
    ]


def farm(random: Random, days: int = 3, members: tuple[str, ...] = FARM) -> list[Deed]:
    """Accounts that like what they are told to, within half a minute."""
    orders = [
        (random.uniform(0, days * DAY), f"o{random.randrange(400)}") for _ in range(25)
    ]
    return [
        (member, at + random.uniform(0, 30), what)
        for at, what in orders
        for member in members
    ]


def test_a_farm_among_people_is_one_cluster_and_no_person_is_in_it() -> None:
    random = Random(1)
    seen = collected(crowd(random) + farm(random))

    found, summary = search(seen, {})

    assert set(found) == set(FARM)
    assert {each.cluster_size for each in found.values()} == {12}
    assert all(each.p_value < 0.01 for each in found.values())
    assert summary.cluster_count == 1
    assert summary.edge_count >= 20 * summary.null_edge_count


def test_people_who_like_the_same_at_other_times_are_no_farm() -> None:
    random = Random(2)
    shifts = {member: random.uniform(-2, 2) * DAY for member in FARM}
    apart = [(a, at + shifts[a], what) for a, at, what in farm(random)]

    found, _ = search(collected(crowd(random) + apart), {})

    assert found == {}


def test_the_one_who_is_copied_is_in_no_cluster_and_leads() -> None:
    random = Random(3)
    copiers = ("copier1", "copier2")
    own = [(random.uniform(0, 4 * DAY), f"o{random.randrange(400)}") for _ in range(30)]
    copied = [
        (account, at + lag, what)
        for at, what in own
        for account, lag in (("first", 0.0), ("copier1", 9.0), ("copier2", 20.0))
    ]

    found, _ = search(collected(crowd(random) + copied), {})

    assert set(found) == {"first", *copiers}
    assert found["first"].leads
    assert found["first"].cluster == ""
    assert found["copier1"].cluster == found["copier2"].cluster != ""
    assert {found[each].cluster_size for each in copiers} == {2}
    assert not any(found[each].leads for each in copiers)


def test_one_day_is_not_enough_unless_texts_are_shared() -> None:
    random = Random(4)
    people, one_day = crowd(random), farm(random, days=1)
    noon = [(a, 1_000 + at % 40_000, what) for a, at, what in one_day]
    text = "best cream I ever had, my skin glows, order it now at the link"
    texts = [(member, 3 * DAY + i * 5_000.0, text) for i, member in enumerate(FARM)]

    alone, _ = search(collected(people + noon), {})
    texted, _ = search(collected(people + noon, texts), {})

    assert alone == {}
    assert set(texted) == set(FARM)


def test_near_copies_of_texts_within_minutes_are_coordination() -> None:
    random = Random(5)
    words = [
        "sun",
        "moon",
        "rain",
        "snow",
        "cloud",
        "storm",
        "river",
        "stone",
        "forest",
        "meadow",
    ]
    texts = [
        (f"w{writer}", day * DAY + number * 4_000 + writer * 60, told)
        for day in range(3)
        for number in range(3)
        for told in [" ".join(random.choices(words, k=20))]
        for writer in range(4)
    ]

    found, _ = search(collected(crowd(random), texts), {})

    assert set(found) == {"w1", "w2", "w3", "w0"}
    assert found["w0"].leads


def test_an_object_that_everybody_acts_on_says_nothing() -> None:
    random = Random(6)
    everyone = [
        (f"p{n:03}", day * DAY + random.uniform(0, 50), f"hit{day}{hit}")
        for day in range(3)
        for hit in range(3)
        for n in range(150)
    ]

    found, summary = search(collected(everyone), {}, replace(SHIPPED, max_actors=100))

    assert found == {}
    assert summary.edge_count == 0


moments = st.floats(0, 6 * DAY)
objects = st.sampled_from([f"o{number}" for number in range(12)])


@settings(max_examples=60, deadline=None)
@given(
    own=st.lists(st.tuples(moments, objects), min_size=3, max_size=25),
    lags=st.lists(st.floats(0.5, 59), min_size=1, max_size=6),
)
def test_whoever_always_acts_first_is_never_implicated(
    own: list[tuple[float, str]], lags: list[float]
) -> None:
    """Whatever an account does, copying it later cannot put it in a cluster."""
    firsts: dict[str, float] = {}
    for at, what in sorted(own):
        firsts.setdefault(what, at)
    deeds = [("first", at, what) for what, at in firsts.items()]
    deeds += [
        (f"copier{number}", at + lag, what)
        for number, lag in enumerate(lags)
        for what, at in firsts.items()
    ]
    seen = collected(deeds)

    found, _ = search(seen, {}, replace(SHIPPED, min_ratio=0.0, max_p=1.0))

    assert "first" not in found or (found["first"].leads and not found["first"].cluster)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), letters=st.permutations("abcdefghijkl"))
def test_names_of_accounts_change_nothing(seed: int, letters: list[str]) -> None:
    """Accounts are numbered by name; what is found follows them to other names."""
    random = Random(seed)
    people, run = crowd(random, 40), farm(random)
    renamed = dict(zip(FARM, letters, strict=True))

    before, _ = search(collected(people + run), {})
    after, _ = search(
        collected(people + [(renamed[a], at, what) for a, at, what in run]), {}
    )

    assert {renamed.get(name, name) for name in before} == set(after)


clusters = st.lists(
    st.sets(st.integers(0, 30).map(str), min_size=2, max_size=8), max_size=5
).map(
    lambda groups: [sorted(g - set().union(*groups[:i])) for i, g in enumerate(groups)]
)


@given(
    groups=clusters,
    before=st.dictionaries(st.integers(0, 30).map(str), st.sampled_from("ABC")),
)
def test_clusters_have_names_of_their_own_that_last(
    groups: list[list[str]], before: dict[str, str]
) -> None:
    groups = [group for group in groups if group]

    names = named(groups, before)
    again = named(groups, names)

    assert again == names
    assert len({names[group[0]] for group in groups}) == len(groups)
    assert all(len({names[member] for member in group}) == 1 for group in groups)


def test_accounts_on_one_device_are_a_cohort_but_no_cluster() -> None:
    gathered = Collected()
    for account in ("a", "b", "c"):
        gathered.add(
            account, to_us(START), Glimpse(0, 7 if account < "c" else 8, 9), b""
        )
    seen = gathered.seen()

    found = cohorts(seen)

    assert {name: (each.devices, each.networks) for name, each in found.items()} == {
        "a": (2, 3),
        "b": (2, 3),
        "c": (1, 3),
    }
    assert search(seen, {})[0] == {}
