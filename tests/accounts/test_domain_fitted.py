"""What must hold of the fitted numbers, whatever they are."""

from datetime import timedelta
from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accounts.domain.automation import PRIOR
from services.accounts.domain.channels import posterior
from services.accounts.domain.evidence import (
    Channel,
    ChannelKind,
    ChannelState,
    Signal,
    SignalState,
)
from services.accounts.domain.fitted import AUTHORSHIP, TEMPLATE, TEMPO
from services.accounts.domain.linear import LinearModel
from services.accounts.fitting.fit_channels import TEMPLATE as FORM
from services.accounts.fitting.fit_channels import TEMPO as RHYTHM
from services.accounts.fitting.fit_channels import Recipe

FITTED = [(TEMPO, RHYTHM), (TEMPLATE, FORM)]
WARNING = 0.90


@pytest.mark.parametrize(("model", "recipe"), FITTED)
@given(values=st.tuples(st.floats(-9, 9), st.floats(-9, 9)))
def test_more_of_a_signal_never_turns_its_meaning(
    model: LinearModel, recipe: Recipe, values: tuple[float, float]
) -> None:
    for code, sign in recipe.codes.items():
        less, more = (
            model.contributions(
                {code: Signal(code, value, 20, timedelta(1), SignalState.OK)}
            )[code]
            for value in sorted(values)
        )
        assert (more - less) * sign >= 0


@pytest.mark.parametrize(("model", "recipe"), FITTED)
def test_what_is_shipped_is_what_is_fitted(model: LinearModel, recipe: Recipe) -> None:
    assert set(model.terms) == set(recipe.codes)
    assert model.floor == recipe.floor


def test_no_channel_alone_warns_and_two_may() -> None:
    assert posterior(PRIOR, (spoken(TEMPO.cap),)) < WARNING
    assert posterior(PRIOR, (spoken(TEMPLATE.cap),)) < WARNING
    assert posterior(PRIOR, (spoken(AUTHORSHIP.cap),)) < WARNING
    assert posterior(PRIOR, (spoken(TEMPO.cap), spoken(TEMPLATE.cap))) > WARNING


def test_ratios_at_the_caps_are_the_documented_ones() -> None:
    assert exp(TEMPO.cap) == pytest.approx(100)
    assert exp(TEMPLATE.cap) == pytest.approx(100)
    assert AUTHORSHIP.cap == log(20.0)


def spoken(ratio: float) -> Channel:
    return Channel(ChannelKind.TEMPO, ChannelState.SPEAKS, ratio, 50)
