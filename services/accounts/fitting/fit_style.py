# ruff: noqa: T201 -- a script that prints what it finds
"""Fit STYLE to the packaged detector: after each new model.

python -m services.accounts.fitting.fit_style DATA SCORES

Scores the recorded texts first where SCORES has none (`score_texts`). Prints
the fields of `AuthorshipModel` that `domain/fitted.py` holds.
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import fields
from math import log, sqrt
from pathlib import Path

import numpy as np

from services.accounts.domain.arrays import Floats
from services.accounts.domain.authorship import AuthorshipModel
from services.accounts.domain.channels import MIN_STYLE_TEXTS, STYLE_CAP
from services.accounts.domain.history import History
from services.accounts.domain.items import eligible
from services.accounts.fitting import score_texts
from services.accounts.fitting.population import Recorded, read

MIN_ACCOUNTS = 10
UNSEEN_SPREAD = 0.3  # between populations, for those that the fit has not seen


def ratios(account: Recorded) -> Floats:
    """Capped log ratios of the texts of an account that STYLE would count."""
    return ratios_of(History.open(account.state))


def ratios_of(history: History) -> Floats:
    """Capped log ratios of the texts of a history that STYLE would count."""
    items = eligible(history.texts, 0.0)
    found: Floats = np.clip(items.style[items.scored], -STYLE_CAP, STYLE_CAP)
    return found


def fit(accounts: Iterable[Recorded]) -> AuthorshipModel:
    """Fit both normals; every source of people and of tools weighs the same."""
    cells: dict[tuple[bool, str], list[Floats]] = {}
    for account in accounts:
        found = ratios(account)
        if len(found) >= MIN_STYLE_TEXTS:
            cells.setdefault((account.bot, account.source), []).append(found)
    people, tools = (
        [
            each
            for (b, _), each in cells.items()
            if b is bot and len(each) >= MIN_ACCOUNTS
        ]
        for bot in (False, True)
    )
    within = float(np.mean([np.mean([r.var(ddof=1) for r in c]) for c in people]))
    own = float(np.mean([_between(each) for each in people]))
    people_mean, people_spread = _moments(people)
    tool_mean, tool_spread = _moments(tools)
    return AuthorshipModel(
        people_mean=round(people_mean, 3),
        people_spread=round(sqrt(people_spread**2 + UNSEEN_SPREAD**2), 3),
        tool_mean=round(tool_mean, 3),
        tool_spread=round(tool_spread, 3),
        text_spread=round(sqrt(within), 3),
        correlation=round(own / (own + within), 3),
        floor=-log(5.0),
        cap=STYLE_CAP,
    )


def _moments(sources: Sequence[list[Floats]]) -> tuple[float, float]:
    """Mean of account means and their spread, between sources included."""
    means = np.array([np.mean([r.mean() for r in each]) for each in sources])
    inside = float(np.mean([_between(each) for each in sources]))
    return float(means.mean()), sqrt(inside + float(means.var()))


def _between(accounts: list[Floats]) -> float:
    """Variance of account means that the number of texts does not explain."""
    noise = float(np.mean([each.var(ddof=1) / len(each) for each in accounts]))
    means = np.array([each.mean() for each in accounts])
    return max(0.0, float(means.var(ddof=1)) - noise)


def main(data: Path, scores: Path) -> None:
    """Print the fit on all sources with texts that the detector scores."""
    score_texts.main(data, scores)
    accounts = [
        one
        for name in score_texts.FILES
        for one in read(data / f"{name}.jsonl.gz", scores)
    ]
    model = fit(accounts)
    for each in fields(model):
        print(f"    {each.name}={getattr(model, each.name):.3f},")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
