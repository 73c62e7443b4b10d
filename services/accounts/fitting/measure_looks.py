# ruff: noqa: T201 -- a script that prints what it finds
"""Whom warnings reach who is looked at after each act, by fits that have not seen them.

python -m services.accounts.fitting.measure_looks DATA SCORES

The ladder keeps the hardest of many looks, so the highest counts: each account of
recorded posts is judged after every act from the eighth on, by a fit on all other
sources. `measure_channels` judges each once, at its end. SCORES is what `score_texts`
wrote. Takes minutes.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from math import log
from pathlib import Path

import numpy as np
from scipy.special import expit, logit

from services.accounts.domain.authorship import AuthorshipModel
from services.accounts.domain.automation import PRIOR
from services.accounts.domain.channels import (
    MIN_STYLE_TEXTS,
    MIN_TEMPLATE_TEXTS,
    MIN_TEMPO_EVENTS,
    MIN_TEMPO_SPAN,
)
from services.accounts.domain.evidence import SPEAKS_FOR, References
from services.accounts.domain.history import History
from services.accounts.domain.linear import LinearModel
from services.accounts.domain.signals import Signals
from services.accounts.domain.state import ProfileState
from services.accounts.fitting import fit_channels, fit_style
from services.accounts.fitting.measure_channels import FILES, ONLY_STYLE, POSTS
from services.accounts.fitting.population import (
    Recorded,
    Said,
    folded,
    read,
    said_of,
    tabulate,
)

POSTS_FILE = "botornot2026_sets30_31"
FIRST_LOOK = 8
LEVELS = (0.8, 0.85, 0.9, 0.95)


@dataclass(frozen=True, slots=True)
class Fits:
    """The three channels, fitted without the accounts that are judged."""

    tempo: LinearModel
    template: LinearModel
    style: AuthorshipModel

    def warns(self, state: ProfileState) -> float:
        """Log odds at which `warning-automation` speaks, -inf where it cannot."""
        history = History.open(state)
        signals = Signals(history, References())
        events = len(history.events)
        tempo = template = style = 0.0
        if events >= MIN_TEMPO_EVENTS and history.events.span >= MIN_TEMPO_SPAN:
            parts = self.tempo.contributions(signals)
            tempo = self.tempo.log_likelihood_ratio(parts)
        if signals["LENGTH_VARIATION"].support >= MIN_TEMPLATE_TEXTS:
            parts = self.template.contributions(signals)
            template = self.template.log_likelihood_ratio(parts)
        ratios = fit_style.ratios_of(history)
        if len(ratios) >= MIN_STYLE_TEXTS:
            style = self.style.log_likelihood_ratio(ratios)
        loud = sum(each >= SPEAKS_FOR for each in (tempo, template, style))
        # Form and style alone never go beyond NOTICE.
        if loud < 2 or tempo <= 0:
            return -float("inf")
        return float(logit(PRIOR)) + tempo + template + style


def looks(account: Recorded, said: Said, fits: Fits) -> Iterator[float]:
    """What each look at *account* finds."""
    acts = tuple(sorted(account.activities, key=lambda each: each.event_time))
    for count in range(FIRST_LOOK, len(acts) + 1):
        yield fits.warns(folded(acts[:count], said))


def main(data: Path, scores: Path) -> None:
    """Print a row a level for each set of posts."""
    accounts = [one for n in FILES for one in read(data / f"{n}.jsonl.gz", scores)]
    table = tabulate(accounts)
    said = said_of(scores / f"{POSTS_FILE}.jsonl")
    for unseen in POSTS:
        there = table.source == unseen
        known = table.where(~there & (table.source != ONLY_STYLE))
        fits = Fits(
            fit_channels.fit_tempo(known),
            fit_channels.fit_template(known),
            fit_style.fit(a for a, t in zip(accounts, there, strict=True) if not t),
        )
        judged = [a for a, t in zip(accounts, there, strict=True) if t]
        highest = np.array([max(looks(a, said, fits), default=-np.inf) for a in judged])
        bot = np.array([a.bot for a in judged])
        for level in LEVELS:
            reached = highest >= log(level / (1 - level))
            print(
                f"{unseen}, at {level}: bots {(reached & bot).sum()} of {bot.sum()}, "
                f"people {(reached & ~bot).sum()} of {(~bot).sum()}"
            )
        print(f"  highest of a person: {expit(highest[~bot].max()):.3f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
