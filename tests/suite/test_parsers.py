"""Parsers answer bytes of strangers; `parsers` searches further, by coverage."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.suite.parsers import SEEDS, TARGETS

COSTLY = {"rulesets", "conditions"}
"""Each reads a whole ruleset."""


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_known_to_be_odd_is_answered(name: str) -> None:
    for seed in SEEDS[name]:
        TARGETS[name](seed)


@pytest.mark.parametrize("name", TARGETS)
def test_any_bytes_are_answered(name: str) -> None:
    target, seeds = TARGETS[name], SEEDS[name]

    @settings(max_examples=4 if name in COSTLY else 40, deadline=None)
    @given(
        seed=st.sampled_from(seeds),
        at=st.integers(0, 10_000),
        put=st.binary(max_size=40),
        cut=st.integers(0, 40),
    )
    def mutate(seed: bytes, at: int, put: bytes, cut: int) -> None:
        place = at % (len(seed) + 1)
        target(seed[:place] + put + seed[place + cut :])

    mutate()
