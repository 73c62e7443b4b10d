"""The detector's word on texts that nobody wrote, drawn author by author.

Stories and simulated years are about policy, at a scale for which no texts can be
invented. Their scores are drawn from what the shipped detector says of texts of
sources unseen in training: from a predictions file, author by author, where one is
given, else from `score_quantiles.json`. That file holds numbers alone. It is fitted on
the measures in the model card (average ratio of people, AUROC, by unseen source),
with the spread within and between authors that accounts was fitted with:

    python -m tests.simulation.scores                    > score_quantiles.json
    python -m tests.simulation.scores PREDICTIONS.jsonl  > score_quantiles.json

PREDICTIONS are lines {"source", "lang", "label", "log_likelihood_ratio", "author"?}, as
services/detector/training/predict.py writes them for the dev sets.
"""

import json
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import ndtri

from services.accounts.domain.fitted import AUTHORSHIP

HERE = Path(__file__).parent
TABLE = HERE / "score_quantiles.json"
CARD = HERE.parents[1] / "services/detector/models/card.json"
LEVELS = np.linspace(0.025, 0.975, 20)
CAP = float(np.log(20.0))
WITHIN = AUTHORSHIP.text_spread
"""Spread of log ratios within one author."""
BETWEEN = {"human": 0.3, "mixed": 0.3, "ai": 0.5}
"""Spread between authors: .25 measured within two populations of people."""
POLISHED_PART = 0.35
"""Assumed: a polished text lies this far from a person's towards a machine's. The
card says that most light and medium polish reads as a person's."""
FEWEST = 8
"""Texts of an author that can stand for an author."""

Voice = Callable[[random.Random], float]
"""Draws the log ratio of one more text of an author."""
Authors = dict[str, list[list[float]]]


@dataclass(frozen=True, slots=True)
class Scores:
    """Authors to draw from, by language and label: `zh human`, `mixed`, `ai`."""

    quantiles: Authors
    texts: Authors

    @classmethod
    def load(cls, predictions: Path | None = None) -> "Scores":
        """Of the committed table, or of the authors in a predictions file."""
        if predictions is None:
            return cls(json.loads(TABLE.read_text())["quantiles"], {})
        return cls({}, by_author(predictions))

    def voice(self, label: str, chance: random.Random, language: str = "zh") -> Voice:
        """An author: one of the recorded, or one of a population with own offset."""
        kind = f"{language} {label}"
        if self.texts:
            own = chance.choice(self.texts[kind])
            return lambda draw: draw.choice(own)
        population = chance.choice(self.quantiles[kind])
        offset = chance.gauss(0.0, BETWEEN[label])

        def drawn(draw: random.Random) -> float:
            found = float(np.interp(draw.random(), LEVELS, population))
            return max(-CAP, min(CAP, found + offset))

        return drawn


def by_author(predictions: Path) -> Authors:
    """Log ratios of each author's texts; without authors, of each source's."""
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    with predictions.open(encoding="utf8") as lines:
        for line in lines:
            row = json.loads(line)
            author = str(row.get("author") or row["source"])
            found[f"{row['lang']} {row['label']}", author].append(
                float(row["log_likelihood_ratio"])
            )
    authors: Authors = defaultdict(list)
    for (kind, _), ratios in sorted(found.items()):
        if len(ratios) >= FEWEST:
            authors[kind].append(ratios)
    return authors


def of_predictions(predictions: Path) -> Authors:
    """Quantiles of each source, by label, with the spread between authors taken out."""
    return {
        kind: [
            narrowed(np.quantile(ratios, LEVELS), kind.partition(" ")[2])
            for ratios in sources
        ]
        for kind, sources in by_author(predictions).items()
    }


def narrowed(quantiles: Any, label: str) -> list[float]:
    """The same population without the offsets of its authors."""
    spread = float(np.std(quantiles)) or 1.0
    inner = max(spread**2 - BETWEEN[label] ** 2, 0.0) ** 0.5
    middle = float(np.median(quantiles))
    return [round(middle + (float(q) - middle) * inner / spread, 3) for q in quantiles]


def of_card() -> Authors:
    """Quantiles by label that give the card's average ratios and AUROCs."""
    metrics = json.loads(CARD.read_text())["metrics"]
    found: Authors = defaultdict(list)
    people = (WITHIN**2 + BETWEEN["human"] ** 2) ** 0.5
    tools = (WITHIN**2 + BETWEEN["ai"] ** 2) ** 0.5
    for name, measured in sorted(metrics.items()):
        language, _, source = name.partition(" ")
        if not source or " " in source or "mean_ratio_of_people" not in measured:
            continue  # a length, an attack, a generator, texts of no people
        middle = float(np.log(measured["mean_ratio_of_people"])) - people**2 / 2
        found[f"{language} human"].append(normal(middle))
        if "auroc" not in measured:
            continue
        apart = float(ndtri(measured["auroc"])) * (people**2 + tools**2) ** 0.5
        found[f"{language} mixed"].append(normal(middle + POLISHED_PART * apart))
        found[f"{language} ai"].append(normal(middle + apart))
    return found


def normal(middle: float) -> list[float]:
    """Quantiles of one author's log ratios around *middle*, capped."""
    found = np.clip(middle + WITHIN * ndtri(LEVELS), -CAP, CAP)
    return [round(float(value), 3) for value in found]


def main(arguments: Sequence[str]) -> None:
    """Print the table."""
    given = Path(arguments[0]) if arguments else None
    table = {
        "about": "log-likelihood ratios at the levels .025 to .975, a list a source",
        "fitted_on": "predictions" if given else "the measures in the model card",
        "quantiles": of_predictions(given) if given else of_card(),
    }
    sys.stdout.write(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
