"""Recorded accounts: through the whole suite, and by fits that did not see them."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.stats import beta

from services.accounts.fitting import measure_channels, score_texts
from services.accounts.fitting.measure_channels import interval, judge
from services.accounts.fitting.population import read, tabulate
from services.accounts.fitting.ranking import detection
from services.cli.progress import progress
from services.detector.detect import Detector
from services.detector.training.data import read_lines
from tests.accuracy.measures import Bools, Floats, Ranked, ranked

POSTS: Final = "botornot2026_sets30_31"
FILES: Final = measure_channels.FILES
TIERS: Final = (
    "CLEAR", "NOTICE", "WARNING", "REACH_LIMITED", "PUBLISHING_LIMITED",
    "PUBLISHING_SUSPENDED", "BANNED",
)  # fmt: skip
POSTERIOR: Final = "posterior"
LEVELS: Final = (0.5, 0.9, 0.95, 0.99)
SERVICES: Final = Path(__file__).parents[2] / "services"
COMMAND: Final = Path(sys.executable).with_name("truepen")
AT_ONCE: Final = 64
"""Texts that the detector is asked about at once."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the suite did to one recorded account."""

    bot: bool
    lang: str
    peak: str  # the harshest tier it ever had
    automation: float  # the shipped posterior at the end, 0 to 1


@dataclass(frozen=True, slots=True)
class Reached:
    """How many accounts of a group reached a tier or a harsher one."""

    count: int
    of: int
    interval: tuple[float, float]  # exact, 95 %, two-sided
    at_most: float  # exact, 95 %, one-sided


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The automation posterior on accounts that its fit has not seen."""

    name: str
    bots: int
    people: int
    ranked: Ranked
    detection: float  # bots above all but 1 % of people
    levels: dict[float, tuple[int, int]]  # bots and people at or above


def replayed(recorded: Path, work: Path) -> list[Outcome]:
    """Send *recorded* through `truepen replay`, or read what this suite once said.

    What is kept in *work* is named for the code and the model that made it.
    """
    work.mkdir(parents=True, exist_ok=True)
    output = work / f"replayed-{version_of(recorded)}.jsonl"
    if not output.exists():
        unfinished = output.with_suffix(".part")
        command: list[str | Path] = [
            COMMAND,
            "replay",
            recorded,
            "--output",
            unfinished,
        ]
        subprocess.run(command, check=True)
        unfinished.rename(output)
    said = {row["account"]: row for row in read_lines(output)}
    return [
        Outcome(
            row["label"] == "bot",
            row["lang"],
            said[row["account"]]["peak_tier"],
            float(said[row["account"]]["automation"] or 0.0),
        )
        for row in read_lines(recorded)
    ]


def version_of(recorded: Path) -> str:
    """A name for these recordings and all code and models that may judge them."""
    total = hashlib.sha256(recorded.read_bytes())
    for path in sorted(SERVICES.rglob("*")):
        if path.suffix in (".py", ".yaml", ".json", ".onnx") and path.is_file():
            if "training" in path.parts or "fitting" in path.parts:
                continue
            total.update(str(path.relative_to(SERVICES)).encode())
            total.update(path.read_bytes())
    return total.hexdigest()[:16]


def reached(outcomes: Iterable[Outcome], tier: str) -> Reached:
    """How many of *outcomes* had *tier* or a harsher one at some time."""
    peaks = [TIERS.index(each.peak) for each in outcomes]
    count, of = sum(peak >= TIERS.index(tier) for peak in peaks), len(peaks)
    bound = 1.0 if count == of else float(beta.ppf(0.95, count + 1, of - count))
    return Reached(count, of, interval(count, of), bound)


def shipped(outcomes: Sequence[Outcome]) -> Ranked:
    """Rank *outcomes* by the shipped posterior; its fit has seen them."""
    return _ranked(
        np.array([each.automation for each in outcomes]),
        np.array([each.bot for each in outcomes]),
    )


def held_out(behaviour: Path, scores: Path) -> list[HeldOut]:
    """Each set of posts by a fit on all the others; *scores* as `score` writes."""
    accounts = [
        one for name in FILES for one in read(behaviour / f"{name}.jsonl.gz", scores)
    ]
    table = tabulate(accounts)
    found = []
    for unseen in measure_channels.POSTS:
        there = table.source == unseen
        odds = judge(accounts, table, ~there).where(there).total
        bot = table.bot[there]
        chance = measure_channels.posterior(odds)
        levels = {
            level: (
                int((chance[bot] >= level).sum()),
                int((chance[~bot] >= level).sum()),
            )
            for level in LEVELS
        }
        found.append(
            HeldOut(
                f"set {unseen[-2:]}",
                int(bot.sum()),
                int((~bot).sum()),
                _ranked(odds, bot),
                detection(odds, bot),
                levels,
            )
        )
    return found


def score(behaviour: Path, scores: Path, detector: Detector) -> None:
    """Have *detector* score the recorded texts, as `score_texts` does."""
    scores.mkdir(parents=True, exist_ok=True)
    for name in score_texts.FILES:
        texts = list(score_texts.kept_texts(behaviour / f"{name}.jsonl.gz"))
        with (
            (scores / f"{name}.jsonl").open("w", encoding="utf8") as lines,
            progress(f"reading texts of {name}", len(texts)) as advance,
        ):
            for start in range(0, len(texts), AT_ONCE):
                some = texts[start : start + AT_ONCE]
                for (key, _), found in zip(
                    some, detector.detect([text for _, text in some]), strict=True
                ):
                    row: dict[str, Any] = {
                        "id": key,
                        "verdict": found.verdict,
                        "ai_probability": found.ai_probability,
                        "log_likelihood_ratio": found.log_likelihood_ratio,
                        "language": found.language,
                        "model": found.model_digest,
                    }
                    lines.write(json.dumps(row) + "\n")
                advance(len(some))


def _ranked(scores: Floats, bot: Bools) -> Ranked:
    own = [str(k) for k in range(len(scores))]
    return ranked({POSTERIOR: scores}, POSTERIOR, bot, own)[POSTERIOR]
