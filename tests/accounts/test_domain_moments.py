"""Sums of short arrays are numpy's own, to the last bit that matters."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accounts.domain.moments import (
    commonest,
    deviation,
    mean,
    quantile,
    variance,
)

numbers = st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=130)


@given(numbers)
def test_mean_and_spread_are_what_numpy_says(values: list[float]) -> None:
    array = np.array(values)

    assert mean(array) == array.mean()
    assert variance(array) == array.var()
    assert deviation(array) == array.std()


@given(numbers, st.floats(0, 1))
def test_a_quantile_is_what_numpy_says(values: list[float], rank: float) -> None:
    expected = np.quantile(values, rank)

    assert quantile(sorted(values), rank) == pytest.approx(
        expected, rel=1e-12, abs=1e-6
    )


@given(st.lists(st.integers(0, 5), min_size=1, max_size=50))
def test_the_commonest_is_counted(values: list[int]) -> None:
    assert commonest(values) == np.unique(values, return_counts=True)[1].max()
