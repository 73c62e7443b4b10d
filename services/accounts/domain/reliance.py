"""The share θ of an account's own content that is AI-made, with an interval.

docs/reliance.md derives this and shows that its intervals cover.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import IntEnum
from functools import lru_cache
from math import log

import numpy as np
from scipy.special import ndtri

from services.accounts.domain.arrays import Floats
from services.accounts.domain.items import Items
from services.accounts.domain.moments import count, mean, total

MIN_SCORED = 5


class RelianceState(IntEnum):
    """Whether reliance can be told from the data."""

    IDENTIFIED = 1
    NOT_IDENTIFIABLE = 2


@dataclass(frozen=True, slots=True)
class RelianceModel:
    """Prior, caps and error model; `services.accounts.fitting` fits them.

    `none` and `all` are prior masses at θ = 0 and θ = 1, the rest is uniform.
    `style_cap` bounds a text's log ratio, `slope` and `intercept` recalibrate
    it after capping. `correlation` is that of one author's detector errors:
    n texts are worth n / (1 + (n - 1) correlation). `offset` is the spread of
    authors' own shifts, `voice_mean` and `voice_spread` describe log ratios of
    people's texts.
    """

    none: float
    all: float
    style_cap: float
    slope: float
    intercept: float
    correlation: float
    offset: float
    voice_mean: float
    voice_spread: float
    hard_cap: float = log(1000.0)


@dataclass(frozen=True, slots=True)
class Reliance:
    """Posterior of θ: median and 95 % interval, and what it rests on.

    `flagged_count` counts posts whose own ratio is over 3, `hard_count` those
    with hard facts; `probability_none` is that of not one AI-made post.
    """

    window: timedelta
    state: RelianceState
    lower: float
    median: float
    upper: float
    eligible_count: int
    flagged_count: int
    hard_count: int
    probability_none: float


_STEPS = 60
_INNER = (np.arange(_STEPS) + 0.5) / _STEPS
GRID: Floats = np.concatenate(([0.0], _INNER, [1.0]))
_NODES: Floats = ndtri(0.5 + (np.arange(5) + 0.5) / 10)  # of a half-normal
_WEIGHTS: Floats = np.full(5, 0.2)
_QUANTILES: Floats = np.array([0.025, 0.5, 0.975])
_FLAGGED = log(3.0)
_MIN_INFORMATION = 0.05  # nats between posterior and prior


def estimate(
    items: Items, voices: Floats, model: RelianceModel, window: timedelta
) -> Reliance:
    """Posterior of θ from *items*; *voices* are ratios of the author's old texts."""
    if not len(items.style):
        return _unknown(model, window, (0, 0, 0))
    counts = (len(items.style), count(items.hard > _FLAGGED))
    own = recalibrated(items.style, model) * items.scored + items.hard
    flagged = count(own > _FLAGGED)
    if count(items.scored) < MIN_SCORED and counts[1] == 0:
        return _unknown(model, window, (counts[0], flagged, counts[1]))
    prior = prior_weights(model)
    posterior, none = posterior_weights(items, voices, model)
    found = _summary(posterior, window, (counts[0], flagged, counts[1]), none)
    if _information(posterior, prior) < _MIN_INFORMATION:
        return replace(found, state=RelianceState.NOT_IDENTIFIABLE)
    return found


def _unknown(
    model: RelianceModel, window: timedelta, counts: tuple[int, int, int]
) -> Reliance:
    """The prior, where there is too little to tell anything."""
    state = RelianceState.NOT_IDENTIFIABLE
    return Reliance(window, state, *_prior_quantiles(model), *counts, 1.0)


@lru_cache(maxsize=8)
def _prior_quantiles(model: RelianceModel) -> tuple[float, float, float]:
    return _quantiles(prior_weights(model))


@lru_cache(maxsize=8)
def prior_weights(model: RelianceModel) -> Floats:
    """Prior over `GRID`, not to be written to."""
    inner = np.full(_STEPS, (1 - model.none - model.all) / _STEPS)
    prior: Floats = np.concatenate(([model.none], inner, [model.all]))
    prior.flags.writeable = False
    return prior


def posterior_weights(
    items: Items, voices: Floats, model: RelianceModel
) -> tuple[Floats, float]:
    """Posterior over `GRID`, and that of having not one AI-made post."""
    prior = prior_weights(model)
    likelihood, likelihood_none = _likelihoods(items, voices, model)
    weights = prior * likelihood
    evidence = total(weights)
    none = min(1.0, total(prior * likelihood_none) / evidence)
    posterior: Floats = weights / evidence
    return posterior, none


def recalibrated(ratios: Floats, model: RelianceModel) -> Floats:
    """Log ratios capped, then made honest again."""
    cap = model.style_cap
    capped = np.minimum(np.maximum(ratios, -cap), cap)
    honest = model.intercept + model.slope * capped
    result: Floats = np.minimum(np.maximum(honest, -cap), cap)
    return result


def _likelihoods(
    items: Items, voices: Floats, model: RelianceModel
) -> tuple[Floats, Floats]:
    """Likelihood over `GRID`, and that of having not one AI-made post."""
    shifted = items.style[None, :] - _offsets(voices, model)[:, None]
    style = recalibrated(shifted, model) * items.scored
    soft = items.hard == 0
    n_soft = count(soft & items.scored)
    temper = _temper(n_soft, model)
    by_style = _mixture(style[:, soft]) ** temper
    none: Floats = (1 - GRID) ** (temper * n_soft + len(soft) - count(soft))
    if soft.all():
        return by_style @ _WEIGHTS, none
    # Hard facts count in full: then so must texts that read as a person's, or a
    # few labelled posts would outvote many own ones.
    doubts = np.minimum(style[:, soft], 0.0)
    by_style = np.minimum(by_style, _mixture(doubts))
    joined = np.clip(
        temper * style[:, ~soft] + items.hard[~soft], -model.hard_cap, model.hard_cap
    )
    likelihood: Floats = (by_style * _mixture(joined)) @ _WEIGHTS
    return likelihood, none


def _temper(n: int, model: RelianceModel) -> float:
    """Exponent that makes *n* correlated texts worth what they are worth."""
    return 1.0 / (1.0 + max(n - 1, 0) * model.correlation)


def _offsets(voices: Floats, model: RelianceModel) -> Floats:
    """How much likelier than they are this author's texts may read as AI-made.

    A half-normal: an offset may excuse an author, never accuse. Old texts,
    which are surely a person's, move and narrow it (conjugate normal).
    """
    if len(voices) == 0:
        return _NODES * model.offset
    n = len(voices)
    noise = model.voice_spread**2 / (n * _temper(n, model))
    weight = model.offset**2 / (model.offset**2 + noise)
    center = max(0.0, weight * (mean(voices) - model.voice_mean))
    result: Floats = center + _NODES * model.offset * (1 - weight) ** 0.5
    return result


def _mixture(log_ratios: Floats) -> Floats:
    """Product over items of θ·LR + 1 - θ, as an array of GRID by offsets."""
    excess = np.expm1(log_ratios)
    result: Floats = np.prod(1.0 + GRID[:, None, None] * excess[None], axis=-1)
    return result


def _summary(
    weights: Floats,
    window: timedelta,
    counts: tuple[int, int, int],
    none: float,
) -> Reliance:
    return Reliance(
        window, RelianceState.IDENTIFIED, *_quantiles(weights), *counts, none
    )


def _quantiles(weights: Floats) -> tuple[float, float, float]:
    """Lower end, median and upper end of the 95 % interval of θ."""
    whole = np.add.accumulate(weights)
    places = np.searchsorted(whole, _QUANTILES * whole[-1]).tolist()
    lower, median, upper = (float(GRID[min(p, len(GRID) - 1)]) for p in places)
    return lower, median, upper


def _information(posterior: Floats, prior: Floats) -> float:
    held = posterior > 0
    return total(posterior[held] * np.log(posterior[held] / prior[held]))
