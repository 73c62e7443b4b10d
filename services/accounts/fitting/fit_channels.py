# ruff: noqa: T201 -- a script that prints what it finds
"""Fit TEMPO and TEMPLATE: python -m services.accounts.fitting.fit_channels DATA.

DATA is a folder of recorded accounts. Prints terms for `domain/fitted.py`;
`measure_channels` says how such fits do on accounts they have not seen.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import ndtri

from services.accounts.domain.channels import (
    MIN_TEMPLATE_TEXTS,
    MIN_TEMPO_EVENTS,
    MIN_TEMPO_SPAN,
)
from services.accounts.domain.linear import CLIP, LinearModel, Term
from services.accounts.fitting.population import Bools, Floats, Table, read, tabulate

FILES = (
    "botornot2026_sets30_31",
    "git_commits",
    "github_msr2023_humans",
    "reddit_humans",
)
PENALTY = 0.001
CAP = log(100.0)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a channel is fitted from.

    `codes` gives each signal its sign: 1 where more speaks for a tool. Where
    people hardly vary, `least` is the spread that one standard score takes.
    Bots of the sources in `unfit_bots` say nothing about it. `floor` bounds how
    far a channel may excuse.
    """

    codes: Mapping[str, int]
    least: Mapping[str, float]
    floor: float
    unfit_bots: tuple[str, ...] = ()


LEAST_SPREAD = 0.02
_SHARE = 0.2  # most people are at one end of such a share: no spread to measure
TEMPO = Recipe(
    {
        "MEDIAN_GAP": 1,
        "SHORT_GAP_SHARE": -1,
        "QUICK_RETURN": -1,
        "HOUR_CLUMPING": -1,
        "ENTROPY_RATE": -1,
        "NIGHT_REST": -1,
        "BURST_SHARE": 1,
    },
    {"BURST_SHARE": _SHARE},
    # Bots that answer commits keep the hours of those who commit: they teach
    # nothing, and show that a person's rhythm excuses little.
    floor=-log(4.0),
    unfit_bots=("git_commits",),
)
TEMPLATE = Recipe(
    {
        "LENGTH_VARIATION": -1,
        "LENGTH_SPREAD": -1,
        "LENGTH_FLOOR": 1,
        "SHORT_SHARE": -1,
        "STOP_SHARE": 1,
        "ASK_SHARE": 1,
        "SENTENCE_SHARE": 1,
        "EXACT_REUSE": 1,
        "NEAR_REUSE": 1,
        "OPENING_REUSE": 1,
    },
    dict.fromkeys(
        (
            "SHORT_SHARE",
            "STOP_SHARE",
            "ASK_SHARE",
            "SENTENCE_SHARE",
            "EXACT_REUSE",
            "NEAR_REUSE",
            "OPENING_REUSE",
        ),
        _SHARE,
    ),
    floor=-log(10.0),
)


def speaking_tempo(table: Table) -> Bools:
    """Accounts of which TEMPO speaks."""
    enough: Bools = (table.events >= MIN_TEMPO_EVENTS) & (
        table.hours >= MIN_TEMPO_SPAN.total_seconds() / 3600
    )
    return enough


def speaking_template(table: Table) -> Bools:
    """Accounts of which TEMPLATE speaks."""
    enough: Bools = table.texts >= MIN_TEMPLATE_TEXTS
    return enough


def fit_tempo(table: Table) -> LinearModel:
    """Fit TEMPO to the accounts of *table* of which it speaks."""
    return fit(table, TEMPO, speaking_tempo(table))


def fit_template(table: Table) -> LinearModel:
    """Fit TEMPLATE to the accounts of *table* of which it speaks."""
    return fit(table, TEMPLATE, speaking_template(table))


def fit(table: Table, recipe: Recipe, kept: Bools) -> LinearModel:
    """Fit a model in which every source, class and identity weighs the same."""
    kept = kept & ~(table.bot & np.isin(table.source, recipe.unfit_bots))
    bot = table.bot[kept]
    weights = _weights(bot, table.source[kept], table.group[kept])
    shapes, parts, signs = [], [], []
    for code, sign in recipe.codes.items():
        column = table.column(code)[kept]
        least = recipe.least.get(code, LEAST_SPREAD)
        shape = _shape(column[~bot], weights[~bot], least)
        shapes.append(shape)
        parts += _parts(column, *shape)
        signs += [sign, sign]
    found = _logistic(np.stack(parts, axis=1), bot, weights, np.array(signs))
    terms = {
        code: Term(*(round(float(v), 3) for v in (*shape, *slopes)))
        for code, shape, slopes in zip(
            recipe.codes, shapes, found[1:].reshape(-1, 2), strict=True
        )
    }
    return LinearModel(terms, round(float(found[0]), 3), recipe.floor, CAP)


def _shape(people: Floats, weights: Floats, least: float) -> tuple[float, float, float]:
    known = ~np.isnan(people)
    order = np.argsort(people[known])
    total = np.cumsum(weights[known][order])
    places = np.searchsorted(total, np.array([0.1, 0.5, 0.9]) * total[-1])
    low, center, high = people[known][order][places]
    reach = float(ndtri(0.9))
    return (
        float(center),
        max(float(center - low) / reach, least),
        max(float(high - center) / reach, least),
    )


def _parts(column: Floats, center: float, low: float, high: float) -> list[Floats]:
    """Both bent parts of `Term`, as columns."""
    scale = np.where(column < center, low, high)
    standard = np.nan_to_num(np.clip((column - center) / scale, -CLIP, CLIP))
    return [np.minimum(standard, 0.0), np.maximum(standard, 0.0)]


def _logistic(
    columns: Floats, bot: Bools, weights: Floats, signs: NDArray[np.int64]
) -> Floats:
    """Weighted ridge logistic regression, intercept first, slopes of known sign."""

    def loss(b: Floats) -> tuple[float, Floats]:
        z = b[0] + columns @ b[1:]
        rest = weights * (1 / (1 + np.exp(-z)) - bot)
        value = float((weights * (np.logaddexp(0, z) - bot * z)).sum())
        gradient = np.concatenate(([rest.sum()], columns.T @ rest))
        gradient[1:] += 2 * PENALTY * b[1:]
        return value + PENALTY * float(b[1:] @ b[1:]), gradient

    start = np.zeros(columns.shape[1] + 1)
    bounds = [(None, None)] + [(0, None) if s > 0 else (None, 0) for s in signs]
    found: Floats = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return found


def _weights(bot: Bools, source: NDArray[np.str_], group: NDArray[np.str_]) -> Floats:
    weights = np.zeros(len(bot))
    for label in (False, True):
        sources = np.unique(source[bot == label])
        for one in sources:
            inside = (source == one) & (bot == label)
            # Many accounts of one identity are one witness.
            _, index, counts = np.unique(
                group[inside], return_inverse=True, return_counts=True
            )
            share = 1 / counts[index]
            weights[inside] = share / share.sum() / len(sources) / 2
    return weights


def main(folder: Path) -> None:
    """Print the fit on all sources."""
    accounts = [one for name in FILES for one in read(folder / f"{name}.jsonl.gz")]
    table = tabulate(accounts)
    for name, model in (("TEMPO", fit_tempo(table)), ("TEMPLATE", fit_template(table))):
        print(f"{name} intercept={model.intercept}")
        for code, term in model.terms.items():
            print(f'        "{code}": {term},')


if __name__ == "__main__":
    main(Path(sys.argv[1]))
