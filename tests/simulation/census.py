"""A whole population lives a year; what became of it, counted.

python -m tests.simulation.census [--accounts 10000] [--seed 1] [--workers 2]
                                  [--predictions PREDICTIONS.jsonl]
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.table import Table

from services.policy.domain.bounds import upper_bound
from services.policy.domain.tiers import InteractionTier, Tier
from tests.simulation.actors import INNOCENT, Actor, Kind, population
from tests.simulation.scores import Scores
from tests.simulation.year import Account

CHUNK = 50
HARMLESS = (*INNOCENT, Kind.OCCASIONAL)
"""A ban of these is wrongful: none runs entirely on AI."""
WIDE = 160


@dataclass(slots=True)
class Census:
    """Counts over a population."""

    lived: Counter[Kind] = field(default_factory=Counter)
    peaks: Counter[tuple[Kind, Tier]] = field(default_factory=Counter)
    limited: Counter[Kind] = field(default_factory=Counter)
    ended_banned: Counter[Kind] = field(default_factory=Counter)
    reached: Counter[Tier] = field(default_factory=Counter)
    left: Counter[Tier] = field(default_factory=Counter)
    moved_by_brigades: int = 0
    judged: int = 0

    def add(self, other: "Census") -> None:
        """Count *other* too."""
        for name in ("lived", "peaks", "limited", "ended_banned", "reached", "left"):
            getattr(self, name).update(getattr(other, name))
        self.moved_by_brigades += other.moved_by_brigades
        self.judged += other.judged

    def banned(self, kinds: Iterable[Kind]) -> int:
        """How many of *kinds* were ever banned, confirmed or not."""
        return sum(self.peaks[kind, Tier.BANNED] for kind in kinds)

    def harsher_than(self, kinds: Iterable[Kind], tier: Tier) -> int:
        """How many of *kinds* were ever beyond *tier*."""
        chosen = set(kinds)
        return sum(n for (k, t), n in self.peaks.items() if k in chosen and t > tier)

    @property
    def wrongful_bans(self) -> int:
        """Bans, provisional ones too, of accounts that do not run on AI."""
        return self.banned(HARMLESS)


def of_one(kind: Kind, seed: int, scores: Scores) -> Census:
    """Let one account live; a brigaded one also without its brigade."""
    lived = Account(Actor(kind, seed, scores)).live()
    found = Census(judged=lived.judged)
    found.lived[kind] = 1
    found.peaks[kind, lived.peak] = 1
    found.limited[kind] = lived.peak_interaction > InteractionTier.NONE
    found.ended_banned[kind] = lived.banned_for_good
    found.reached.update(lived.reached)
    found.left.update(lived.left)
    if kind is Kind.BRIGADED:
        twin = Account(Actor(kind, seed, scores), brigade=False).live()
        found.moved_by_brigades = int(twin.days != lived.days)
    return found


def of_some(some: Sequence[tuple[Kind, int]], predictions: Path | None) -> Census:
    """Let some accounts live, in this process."""
    total = Census()
    for kind, seed in some:
        total.add(of_one(kind, seed, loaded(predictions)))
    return total


@cache
def loaded(predictions: Path | None) -> Scores:
    """The scores to draw from, read once a process."""
    return Scores.load(predictions)


def taken(
    size: int, seed: int, predictions: Path | None = None, workers: int = 1
) -> Iterator[Census]:
    """Let a population live; yield the count so far, the whole at last."""
    everybody = population(size, seed)
    some = [
        everybody[start :: len(everybody) // CHUNK or 1]
        for start in range(len(everybody) // CHUNK or 1)
    ]
    total = Census()
    if workers == 1:
        for chunk in some:
            total.add(of_some(chunk, predictions))
            yield total
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for found in pool.map(of_some, some, [predictions] * len(some)):
            total.add(found)
            yield total


def tables(census: Census) -> Iterator[Table]:
    """What became of whom."""
    table = Table(title="Hardest tier of the year, by what is true of an account")
    for name in (
        "",
        "accounts",
        *(t.name for t in Tier),
        "interaction",
        "banned at end",
    ):
        table.add_column(name, justify="right" if name else "left")
    for kind, count in census.lived.items():
        peaks = (str(census.peaks[kind, tier] or "") for tier in Tier)
        tail = (str(census.limited[kind] or ""), str(census.ended_banned[kind] or ""))
        table.add_row(kind.value, str(count), *peaks, *tail)
    yield table
    table = Table(title="Accounts that reached and left each tier")
    for name in ("", *(t.name for t in Tier)):
        table.add_column(name, justify="right" if name else "left")
    table.add_row("reached", *(str(census.reached[tier]) for tier in Tier))
    table.add_row("left", *(str(census.left[tier]) for tier in Tier))
    yield table


def summary(census: Census) -> str:
    """The bounds, in words."""
    wrong = census.wrongful_bans
    bans = census.banned(Kind)
    harmless = sum(census.lived[kind] for kind in HARMLESS)
    return (
        f"wrongful bans: {wrong} of {bans} bans (95 % bound "
        f"{upper_bound(wrong, bans):.3%}), {wrong} of {harmless} accounts that do not "
        f"run on AI (bound {upper_bound(wrong, harmless):.4%})\n"
        f"innocents beyond NOTICE: {census.harsher_than(INNOCENT, Tier.NOTICE)}, beyond "
        f"WARNING: {census.harsher_than(INNOCENT, Tier.WARNING)}\n"
        f"moved by a brigade: {census.moved_by_brigades} of "
        f"{census.lived[Kind.BRIGADED]}\n"
        f"{census.judged} judgements"
    )


def tell(census: Census) -> None:
    """Print it."""
    console = Console(width=WIDE)
    for table in tables(census):
        console.print(table)
    console.print(summary(census))


def main() -> None:
    """Let a population live, and print what became of it."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--accounts", type=int, default=10_000)
    given.add_argument("--seed", type=int, default=1)
    given.add_argument("--workers", type=int, default=2)
    given.add_argument("--predictions", type=Path)
    asked = given.parse_args()
    census = Census()
    with suppress(KeyboardInterrupt):  # then what is known so far is told
        for census in taken(
            asked.accounts, asked.seed, asked.predictions, asked.workers
        ):
            done = sum(census.lived.values())
            sys.stderr.write(f"\r{done} of {asked.accounts} accounts")
    sys.stderr.write("\n")
    tell(census)


if __name__ == "__main__":
    main()
