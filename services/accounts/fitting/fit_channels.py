# ruff: noqa: T201 -- a script that prints what it finds
"""Fit TEMPO and TEMPLATE: python -m services.accounts.fitting.fit_channels DATA.

DATA is a folder of recorded accounts. Prints terms for `domain/fitted.py` and,
before that, how each fit does on sources it has not seen.
"""

import sys
from collections.abc import Sequence
from math import log
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import ndtri

from services.accounts.domain.evidence import References
from services.accounts.domain.linear import CLIP, TAIL, LinearModel, Term
from services.accounts.domain.percentiles import quantiles, with_percentile
from services.accounts.fitting.population import (
    Floats,
    Recorded,
    Table,
    read,
    tabulate,
)
from services.accounts.fitting.ranking import auroc, detection

FILES = ("botornot2026_sets30_31", "git_commits")
TEMPO_CODES = (
    "BURSTINESS",
    "CONDITIONAL_ENTROPY",
    "HOUR_ENTROPY",
    "QUIET_SHARE",
    "BURST_SHARE",
)
TEMPLATE_CODES = (
    "LENGTH_VARIATION",
    "LENGTH_SPREAD",
    "LENGTH_FLOOR",
    "EXACT_REUSE",
    "NEAR_REUSE",
    "OPENING_REUSE",
    "SHAPE_REUSE",
)
CODES = {"TEMPO": TEMPO_CODES, "TEMPLATE": TEMPLATE_CODES}
PENALTY = 0.004
LEAST_SPREAD = 0.02
REUSE_SPREAD = 0.2  # most people never repeat themselves: no spread to measure
SHRINK = 0.9
FLOOR, CAP = -log(10.0), log(50.0)
MIN_EVENTS = {"TEMPO": 20, "TEMPLATE": 8}


def fit(table: Table, codes: tuple[str, ...], minimum: int) -> LinearModel:
    """Fit a model in which every source and class weighs the same."""
    kept = table.events >= minimum
    bot = table.bot[kept]
    shapes, parts = [], []
    for code in codes:
        column = table.column(code)[kept]
        shape = _shape(column[~bot], REUSE_SPREAD if "REUSE" in code else LEAST_SPREAD)
        shapes.append(shape)
        parts += _parts(column, *shape)
    weights = _weights(bot, table.source[kept], table.group[kept])
    found = _logistic(np.stack(parts, axis=1), bot, weights)
    terms = {
        code: Term(*(round(float(v), 3) for v in (*shape, *w)))
        for code, shape, w in zip(codes, shapes, found[1:].reshape(-1, 3), strict=True)
    }
    return LinearModel(terms, round(float(found[0]), 3), SHRINK, FLOOR, CAP)


def _shape(people: Floats, least: float) -> tuple[float, float, float]:
    low, center, high = np.nanquantile(people, (0.1, 0.5, 0.9))
    reach = float(ndtri(0.9))
    return (
        float(center),
        max(float(center - low) / reach, least),
        max(float(high - center) / reach, least),
    )


def _parts(column: Floats, center: float, low: float, high: float) -> list[Floats]:
    """The three bent parts of `Term`, as columns."""
    scale = np.where(column < center, low, high)
    standard = np.nan_to_num(np.clip((column - center) / scale, -CLIP, CLIP))
    tail = np.sign(standard) * np.maximum(np.abs(standard) - TAIL, 0.0)
    return [np.minimum(standard, 0.0), np.maximum(standard, 0.0), tail]


def _logistic(columns: Floats, bot: NDArray[np.bool_], weights: Floats) -> Floats:
    """Weighted ridge logistic regression, intercept first."""

    def loss(b: Floats) -> tuple[float, Floats]:
        z = b[0] + columns @ b[1:]
        rest = weights * (1 / (1 + np.exp(-z)) - bot)
        value = float((weights * (np.logaddexp(0, z) - bot * z)).sum())
        gradient = np.concatenate(([rest.sum()], columns.T @ rest))
        gradient[1:] += 2 * PENALTY * b[1:]
        return value + PENALTY * float(b[1:] @ b[1:]), gradient

    start = np.zeros(columns.shape[1] + 1)
    found: Floats = minimize(loss, start, jac=True, method="L-BFGS-B").x
    return found


def totals(
    models: dict[str, LinearModel], accounts: list[Recorded], attached: bool
) -> Floats:
    """Sum of both channels for each account, 0 where too little is known.

    *attached* gives percentiles among *accounts*, bots and people alike, as a
    platform would see them.
    """
    references = References(
        "population", quantiles(each.signals.values() for each in accounts)
    )
    found = []
    for each in accounts:
        signals = tuple(each.signals.values())
        if attached:
            signals = tuple(with_percentile(s, references) for s in signals)
        by_code = {signal.code: signal for signal in signals}
        found.append(
            sum(
                model.log_likelihood_ratio(model.contributions(by_code))
                for name, model in models.items()
                if len(each.activities) >= MIN_EVENTS[name]
            )
        )
    return np.array(found)


def subset(table: Table, sources: Sequence[str]) -> Table:
    """Accounts of *sources* alone."""
    kept = np.isin(table.source, sources)
    return Table(
        table.codes,
        table.values[kept],
        table.bot[kept],
        table.source[kept],
        table.group[kept],
        table.events[kept],
    )


def _weights(
    bot: NDArray[np.bool_], source: NDArray[np.str_], group: NDArray[np.str_]
) -> Floats:
    weights = np.zeros(len(bot))
    cells = [(s, b) for s in np.unique(source) for b in (False, True)]
    for one, label in cells:
        inside = (source == one) & (bot == label)
        # Many accounts of one identity are one witness.
        _, index, counts = np.unique(
            group[inside], return_inverse=True, return_counts=True
        )
        share = 1 / counts[index]
        weights[inside] = share / share.sum()
    return weights / len(cells)


def main(folder: Path) -> None:
    """Report how fits carry over, then print the fit on all sources."""
    accounts = [one for name in FILES for one in read(folder / f"{name}.jsonl.gz")]
    table = tabulate(accounts)
    sources = [str(each) for each in np.unique(table.source)]
    print("fitted on the rest, measured on | population | AUROC, TPR at 1 % | >= 20")
    for unseen in sources:
        rest = subset(table, [each for each in sources if each != unseen])
        models = {n: fit(rest, each, MIN_EVENTS[n]) for n, each in CODES.items()}
        there = [each for each in accounts if each.source == unseen]
        for attached in (False, True):
            report(unseen, totals(models, there, attached), there, attached)
    for name, each in CODES.items():
        model = fit(table, each, MIN_EVENTS[name])
        print(f"{name} intercept={model.intercept}")
        for code, term in model.terms.items():
            print(f'        "{code}": {term},')


def report(
    source: str, found: Floats, accounts: list[Recorded], attached: bool
) -> None:
    """Print one row for all accounts and for those with 20 events."""
    bot = np.array([each.bot for each in accounts])
    much = np.array([len(each.activities) >= 20 for each in accounts])
    word = "attached" if attached else "not attached"
    cells = [
        f"{auroc(found[kept], bot[kept]):.3f}, {detection(found[kept], bot[kept]):.2f}"
        for kept in (np.ones_like(bot), much)
    ]
    print(source, word, *cells, sep=" | ")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
