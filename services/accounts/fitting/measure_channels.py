# ruff: noqa: T201 -- a script that prints what it finds
"""What fitted channels are worth on accounts that the fit has not seen.

python -m services.accounts.fitting.measure_channels DATA SCORES

Each set of recorded posts is judged by a fit on all other sources, and each
source by fits on the other four fifths of all identities. SCORES is what
`score_texts` wrote. Nothing here uses the numbers that are shipped.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import log
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit
from scipy.stats import beta

from services.accounts.domain.automation import PRIOR
from services.accounts.domain.channels import MIN_STYLE_TEXTS
from services.accounts.domain.evidence import SPEAKS_FOR
from services.accounts.fitting import fit_channels, fit_style, score_texts
from services.accounts.fitting.population import (
    Bools,
    Floats,
    Recorded,
    Table,
    read,
    tabulate,
)
from services.accounts.fitting.ranking import auroc, detection

FILES = tuple(dict.fromkeys((*fit_channels.FILES, *score_texts.FILES)))
POSTS = ("botornot2026_sets30_3130", "botornot2026_sets30_3131")
ONLY_STYLE = "moltbook_agents"  # prompted by people as often as not
FOLDS = 5
MUCH = 20
LEVELS = (0.5, 0.9, 0.95, 0.99)
MOST_PEOPLE = 0.005  # at WARNING, by the upper end of an exact 95 % interval
_PRIOR = float(logit(PRIOR))


@dataclass(frozen=True, slots=True)
class Evidence:
    """Ratios of accounts, 0 where a channel abstains."""

    tempo: Floats
    template: Floats
    style: Floats

    @property
    def total(self) -> Floats:
        """Sum of the three."""
        return self.tempo + self.template + self.style

    def where(self, chosen: Bools) -> "Evidence":
        """Only the *chosen* accounts."""
        return Evidence(self.tempo[chosen], self.template[chosen], self.style[chosen])

    def warned(self, least: float) -> Bools:
        """Which the rule `warning-automation` would reach at odds of *least*."""
        loud = [each >= SPEAKS_FOR for each in (self.tempo, self.template, self.style)]
        several: Bools = np.sum(loud, axis=0) >= 2
        # Form and style alone never go beyond NOTICE.
        return several & (self.tempo > 0) & (self.total + _PRIOR >= least)


def judge(accounts: list[Recorded], table: Table, seen: Bools) -> Evidence:
    """Judge all *accounts* by a fit on those *seen*."""
    known = seen & (table.source != ONLY_STYLE)
    tempo = fit_channels.fit_tempo(table.where(known))
    template = fit_channels.fit_template(table.where(known))
    style = fit_style.fit(a for a, one in zip(accounts, seen, strict=True) if one)
    ratios = [fit_style.ratios(each) for each in accounts]
    return Evidence(
        np.where(
            fit_channels.speaking_tempo(table),
            [
                tempo.log_likelihood_ratio(tempo.contributions(a.signals))
                for a in accounts
            ],
            0.0,
        ),
        np.where(
            fit_channels.speaking_template(table),
            [
                template.log_likelihood_ratio(template.contributions(a.signals))
                for a in accounts
            ],
            0.0,
        ),
        np.array(
            [
                style.log_likelihood_ratio(each)
                if len(each) >= MIN_STYLE_TEXTS
                else 0.0
                for each in ratios
            ]
        ),
    )


def folded(accounts: list[Recorded], table: Table) -> Evidence:
    """Judge each account by a fit on the other folds of identities."""
    numbers = {
        g: i
        for i, g in enumerate(
            np.random.default_rng(0).permutation(np.unique(table.group))
        )
    }
    fold = np.array([numbers[g] % FOLDS for g in table.group])
    parts = np.zeros((3, len(accounts)))
    for one in range(FOLDS):
        inside = fold == one
        found = judge(accounts, table, ~inside).where(inside)
        parts[:, inside] = (found.tempo, found.template, found.style)
    return Evidence(*parts)


def posterior(total: Floats) -> Floats:
    """Chance that each account is a bot, from the sum of its ratios."""
    chance: Floats = expit(total + _PRIOR)
    return chance


def describe(name: str, found: Evidence, table: Table) -> None:
    """Print a row for all accounts and one for those with 20 events or more."""
    for kept, word in (
        (np.ones_like(table.bot), "all"),
        (table.events >= MUCH, f">= {MUCH}"),
    ):
        total, bot = found.total[kept], table.bot[kept]
        chance = posterior(total)
        cells = [f"{name} {word}", f"{bot.sum()} bots, {(~bot).sum()} people"]
        if bot.any():
            cells += [f"{auroc(total, bot):.3f}", f"{detection(total, bot):.2f}"]
            cells += [f"slope {slope(total, bot):.2f}"]
        for level in LEVELS:
            bots, people = (
                int((chance[bot == b] >= level).sum()) for b in (True, False)
            )
            cells.append(f">= {level}: {bots}, {people}")
        print(*cells, sep=" | ")


def slope(total: Floats, bot: Bools) -> float:
    """Factor that would make *total* honest: above 1 it says too little."""
    weights = np.where(bot, 0.5 / bot.sum(), 0.5 / (~bot).sum())

    def loss(b: Floats) -> float:
        z = b[0] + b[1] * total
        return float((weights * (np.logaddexp(0, z) - bot * z)).sum())

    return float(minimize(loss, np.array([0.0, 1.0])).x[1])


def interval(count: int, of: int) -> tuple[float, float]:
    """Exact two-sided 95 % interval of a share (Clopper and Pearson)."""
    low = float(beta.ppf(0.025, count, of - count + 1)) if count else 0.0
    high = float(beta.ppf(0.975, count + 1, of - count)) if count < of else 1.0
    return low, high


def fitted_level(found: Evidence, people: Bools) -> float:
    """Least log odds at which the bound on the share of *people* warned holds."""
    n = int(people.sum())
    odds = np.sort(found.where(people).total)[::-1] + _PRIOR
    allowed = max(
        k for k in range(n // 10) if beta.ppf(0.95, k + 1, n - k) <= MOST_PEOPLE
    )
    return float(odds[allowed])


def lost(found: Evidence, table: Table, least: float) -> Iterator[str]:
    """Say for each bot that no warning reaches what is missing."""
    warned = found.warned(least)
    for i in np.flatnonzero(table.bot & ~warned):
        if table.events[i] < MUCH:
            yield "fewer than 20 events"
        elif found.tempo[i] == 0:
            yield "TEMPO abstains otherwise"
        elif found.tempo[i] < SPEAKS_FOR:
            yield "TEMPO says too little"
        elif max(found.template[i], found.style[i]) < SPEAKS_FOR:
            yield "neither TEMPLATE nor STYLE speaks"
        else:
            yield "the sum is too low"


def warn(name: str, found: Evidence, table: Table, level: float) -> None:
    """Print whom a warning at odds of *level* reaches, and what loses the rest."""
    warned = found.warned(level)
    cells = [f"{name}: WARNING from {expit(level):.3f}"]
    for word, chosen in (("bots", table.bot), ("people", ~table.bot)):
        count, of = int(warned[chosen].sum()), int(chosen.sum())
        low, high = interval(count, of)
        cells.append(f"{word} {count}/{of} [{low:.3f}, {high:.3f}]")
    print(*cells, dict(Counter(lost(found, table, level))), sep=" | ")


def main(data: Path, scores: Path) -> None:
    """Print every table."""
    accounts = [one for n in FILES for one in read(data / f"{n}.jsonl.gz", scores)]
    table = tabulate(accounts)
    everyone = folded(accounts, table)
    for unseen in POSTS:
        there = table.source == unseen
        found = judge(accounts, table, ~there)
        describe(
            f"{unseen}, fitted on the rest", found.where(there), table.where(there)
        )
        people = ~table.bot & ~there
        level = fitted_level(everyone, people)
        warn(
            "  level fitted on the rest", found.where(there), table.where(there), level
        )
        for shipped in (0.9, 0.95, 0.99):
            odds = log(shipped / (1 - shipped))
            warn(f"  {shipped}", found.where(there), table.where(there), odds)
    for source in np.unique(table.source[table.source != ONLY_STYLE]):
        there = table.source == source
        describe(f"{source}, by identity", everyone.where(there), table.where(there))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
