# ruff: noqa: T201 -- a script that prints what it finds
"""Reports weighted by their reporters' records against plain votes, on a time split.

python -m services.accounts.fitting.measure_reports REPORTS

REPORTS: lines {"t", "reporter", "target", "answer", "truth"}, gzipped; an
answer of BOT is a report. Records are of what was reported before the split;
targets are those first looked at after it.
"""

import gzip
import json
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.accounts.domain.reporters import Record, Voice, reliability, summary
from services.accounts.fitting.population import Floats
from services.accounts.fitting.ranking import auroc

SPLITS = (0.3, 0.5, 0.7)
RESAMPLES = 2_000


@dataclass(frozen=True, slots=True)
class Judged:
    """One person's answer about one target, and the truth."""

    time: float
    reporter: str
    target: str
    reported: bool
    bot: bool


def read(path: Path) -> list[Judged]:
    """All answers, in the order they were given."""
    with gzip.open(path, "rt", encoding="utf8") as lines:
        rows = [json.loads(line) for line in lines]
    return sorted(
        (
            Judged(
                row["t"],
                row["reporter"],
                row["target"],
                row["answer"] == "BOT",
                row["truth"] == "BOT",
            )
            for row in rows
        ),
        key=lambda each: each.time,
    )


def records(answers: list[Judged]) -> dict[str, Record]:
    """What moderators' final words on these reports teach about each reporter."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for each in answers:
        if each.reported:
            counts[each.reporter][not each.bot] += 1
    return {name: Record(*found) for name, found in counts.items()}


def weigh(
    answers: list[Judged], known: dict[str, Record]
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Weighted sums, plain votes and truths of the targets of *answers*."""
    voices: dict[str, list[Voice]] = defaultdict(list)
    truth: dict[str, bool] = {}
    for each in answers:
        truth[each.target] = each.bot
        if each.reported:
            weight = reliability(known.get(each.reporter, Record()))
            moment = round(each.time * 1e6)
            voices[each.target].append(Voice(each.reporter, "", weight, moment))
    sums = [summary(voices[target]) for target in truth]
    return (
        np.array([each.weight for each in sums]),
        np.array([float(each.independent_count) for each in sums]),
        np.array(list(truth.values())),
    )


def main(path: Path) -> None:
    """Print a row a split."""
    answers = read(path)
    random = np.random.default_rng(20_261_124)
    print("known share | targets | bots | weighted | plain | difference (95 %)")
    for share in SPLITS:
        split = int(share * len(answers))
        before, after = answers[:split], answers[split:]
        seen = {each.target for each in before}
        fresh = [each for each in after if each.target not in seen]
        weighted, plain, bot = weigh(fresh, records(before))
        differences = []
        for _ in range(RESAMPLES):
            chosen = random.integers(0, len(bot), len(bot))
            one, other = weighted[chosen], plain[chosen]
            differences.append(auroc(one, bot[chosen]) - auroc(other, bot[chosen]))
        low, high = np.quantile(differences, (0.025, 0.975))
        ours, theirs = auroc(weighted, bot), auroc(plain, bot)
        print(
            f"{share:.0%} | {len(bot)} | {int(bot.sum())} | {ours:.3f} | {theirs:.3f}"
            f" | {ours - theirs:+.3f} ({low:+.3f} to {high:+.3f})"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
