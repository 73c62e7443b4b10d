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

from services.accounts.domain.evidence import References
from services.accounts.domain.linear import CLIP, LinearModel, Term
from services.accounts.domain.percentiles import quantiles, with_percentiles
from services.accounts.fitting.population import (
    Floats,
    Recorded,
    Table,
    read,
    tabulate,
)
from services.accounts.fitting.ranking import auroc, detection

FILES = ("botornot2026_sets30_31", "git_commits")
# The sign that a mechanism gives; fitting may only choose the size.
TEMPO_SIGNS = {
    "BURSTINESS": -1,
    "CONDITIONAL_ENTROPY": -1,
    "HOUR_ENTROPY": +1,
    "LONGEST_QUIET_RUN": -1,
    "QUIET_SHARE": -1,
    "MODAL_GAP_SHARE": +1,
}
TEMPLATE_SIGNS = {
    "LENGTH_VARIATION": -1,
    "LENGTH_SPREAD": -1,
    "LENGTH_FLOOR": +1,
    "EXACT_REUSE": +1,
    "NEAR_REUSE": +1,
    "OPENING_REUSE": +1,
}
FORM_SIGNS = {"HASHTAG_USE": +1, "LINK_USE": -1}
PENALTY = 0.004
REUSE_SPREAD = 0.2  # most people never repeat themselves: no spread to measure
SHRINK = 0.8
FLOOR, CAP = -log(10.0), log(50.0)
MIN_EVENTS = {"TEMPO": 20, "TEMPLATE": 8}


def fit(table: Table, signs: dict[str, int], minimum: int) -> LinearModel:
    """Fit a linear model in which every source and class weighs the same."""
    chosen = table.events >= minimum
    columns = [table.column(code)[chosen] for code in signs]
    bot, source = table.bot[chosen], table.source[chosen]
    group = table.group[chosen]
    centers = [float(np.nanmedian(each[~bot])) for each in columns]
    scales = [
        REUSE_SPREAD if "REUSE" in code else _spread(each[~bot])
        for code, each in zip(signs, columns, strict=True)
    ]
    standard = np.stack(
        [(each - c) / s for each, c, s in zip(columns, centers, scales, strict=True)],
        axis=1,
    )
    standard = np.nan_to_num(np.clip(standard, -CLIP, CLIP))
    weights = _weights(bot, source, group)
    limits = [(None, None), *(_limit(sign) for sign in signs.values())]

    def loss(b: Floats) -> tuple[float, Floats]:
        z = b[0] + standard @ b[1:]
        rest = weights * (1 / (1 + np.exp(-z)) - bot)
        value = float((weights * (np.logaddexp(0, z) - bot * z)).sum())
        gradient = np.concatenate(([rest.sum()], standard.T @ rest))
        gradient[1:] += 2 * PENALTY * b[1:]
        return value + PENALTY * float(b[1:] @ b[1:]), gradient

    found = minimize(
        loss, np.zeros(len(signs) + 1), jac=True, method="L-BFGS-B", bounds=limits
    ).x
    terms = {
        code: Term(round(c, 3), round(s, 3), round(float(w), 3), code in FORM_SIGNS)
        for code, c, s, w in zip(signs, centers, scales, found[1:], strict=True)
        if abs(w) >= 0.005
    }
    return LinearModel(terms, round(float(found[0]), 3), SHRINK, FLOOR, CAP)


def totals(
    models: dict[str, LinearModel], accounts: list[Recorded], attached: bool
) -> Floats:
    """Sum of both channels for each account, 0 where too little is known.

    *attached* gives percentiles among *accounts*, bots and people alike, as a
    platform would see them.
    """
    references = References("population", quantiles(each.signals for each in accounts))
    found = []
    for each in accounts:
        signals = tuple(each.signals.values())
        if attached:
            signals = with_percentiles(signals, references)
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


def _limit(sign: int) -> tuple[float | None, float | None]:
    return (0.0, None) if sign > 0 else (None, 0.0)


def _spread(values: Floats) -> float:
    low, high = np.nanquantile(values, (0.16, 0.84))
    return max(float(high - low) / 2, 0.02)


def main(folder: Path) -> None:
    """Report how fits carry over, then print the fit on all sources."""
    accounts = [one for name in FILES for one in read(folder / f"{name}.jsonl.gz")]
    table = tabulate(accounts)
    sources = [str(each) for each in np.unique(table.source)]
    signs = {"TEMPO": TEMPO_SIGNS, "TEMPLATE": TEMPLATE_SIGNS | FORM_SIGNS}
    print("fitted on the rest, measured on | population | AUROC, TPR at 1 % | >= 20")
    for unseen in sources:
        rest = subset(table, [each for each in sources if each != unseen])
        models = {n: fit(rest, each, MIN_EVENTS[n]) for n, each in signs.items()}
        there = [each for each in accounts if each.source == unseen]
        for attached in (False, True):
            report(unseen, totals(models, there, attached), there, attached)
    for name, each in signs.items():
        print(name, fit(table, each, MIN_EVENTS[name]))


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
