"""Measures predictions per population and writes the tables of the model card.

usage: evaluate.py PREDICTIONS_JSONL MODEL_DIR OUT_FOLDER

PREDICTIONS as predict.py writes them. Adds `metrics` to the card (its digest
follows) and writes the reliability diagrams as SVG.
"""
# ruff: noqa: E501 - tables and drawings read best with an entry a line

import argparse
import collections
import json
import math
from pathlib import Path

import numpy as np
from scipy import stats

from services.detector.model import CARD, write_card

BINS = 10
LENGTHS = {"zh": (40, 80, 160, 320), "en": (120, 260, 520, 1040)}
SMALLEST = 40  # texts that a generator or attack needs to be listed


def interval(hits: int, count: int) -> list[float]:
    """Exact (Clopper-Pearson) 95 % interval of a share."""
    low = stats.beta.ppf(0.025, hits, count - hits + 1) if hits else 0.0
    high = stats.beta.ppf(0.975, hits + 1, count - hits) if hits < count else 1.0
    return [round(float(low), 4), round(float(high), 4)]


def share(rows: list[dict], verdict: str) -> dict | None:
    if not rows:
        return None
    hits = sum(r["verdict"] == verdict for r in rows)
    return {
        "value": round(hits / len(rows), 4),
        "interval": interval(hits, len(rows)),
        "texts": len(rows),
    }


def measured(rows: list[dict]) -> dict:
    by = {
        label: [r for r in rows if r["label"] == label]
        for label in ("human", "ai", "mixed")
    }
    found = {
        "false_positives": share(by["human"], "AI_GENERATED"),
        "recall": share(by["ai"], "AI_GENERATED"),
        "mixed_called_ai": share(by["mixed"], "AI_GENERATED"),
        "undecided": share(rows, "UNDECIDED"),
    }
    if by["human"]:
        ratios = [math.exp(r["log_likelihood_ratio"]) for r in by["human"]]
        found["mean_ratio_of_people"] = round(float(np.mean(ratios)), 3)
    if by["human"] and by["ai"]:
        people, machines = (
            [r["ai_probability"] for r in by[label]] for label in ("human", "ai")
        )
        above = stats.mannwhitneyu(machines, people).statistic
        found["auroc"] = round(float(above) / len(people) / len(machines), 4)
    return {name: value for name, value in found.items() if value is not None}


def reliability(rows: list[dict]) -> list[dict]:
    """Per bin of probability: what was said and what was true, classes even."""
    pure = [r for r in rows if r["label"] != "mixed"]
    machine = np.array([r["label"] == "ai" for r in pure])
    said = np.array([r["ai_probability"] for r in pure])
    weight = np.where(machine, 0.5 / machine.sum(), 0.5 / (~machine).sum())
    index = np.minimum((said * BINS).astype(int), BINS - 1)
    bins = []
    for k in range(BINS):
        its = index == k
        if its.any():
            bins.append({
                "said": round(float(np.average(said[its], weights=weight[its])), 4),
                "true": round(float(np.average(machine[its], weights=weight[its])), 4),
                "share": round(float(weight[its].sum()), 4),
            })  # fmt: skip
    return bins


def calibration_error(bins: list[dict]) -> float:
    return round(sum(abs(b["said"] - b["true"]) * b["share"] for b in bins), 4)


def diagram(bins: list[dict], title: str) -> str:
    """A reliability diagram: the nearer to the diagonal, the more honest."""
    at = lambda x, y: f"{40 + 240 * x:.0f},{270 - 240 * y:.0f}"  # noqa: E731
    points = " ".join(at(b["said"], b["true"]) for b in bins)
    dots = "".join(
        f'<circle cx="{40 + 240 * b["said"]:.0f}" cy="{270 - 240 * b["true"]:.0f}" r="{2 + 10 * b["share"] ** 0.5:.1f}"/>'
        for b in bins
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 320" font-family="sans-serif" font-size="12">'
        '<rect width="320" height="320" fill="#fff"/>'
        f'<text x="40" y="20">{title}</text>'
        f'<polyline points="{at(0, 0)} {at(1, 1)}" fill="none" stroke="#999" stroke-dasharray="4"/>'
        '<path d="M40 30V270H280" fill="none" stroke="#333"/>'
        f'<polyline points="{points}" fill="none" stroke="#06c"/><g fill="#06c" fill-opacity=".6">{dots}</g>'
        '<text x="110" y="295">ai_probability said</text>'
        '<text x="16" y="200" transform="rotate(-90 16 200)">share that is AI</text>'
        '<text x="34" y="284">0</text><text x="274" y="284">1</text></svg>\n'
    )


def grouped(rows: list[dict]) -> dict[str, list[dict]]:
    """By language, and in it by source, length, attack and generator."""
    groups = collections.defaultdict(list)
    for row in rows:
        lang = row["lang"]
        longest = next((n for n in LENGTHS[lang] if row["chars"] <= n), "more")
        groups[lang].append(row)
        groups[f"{lang} {row['source']}"].append(row)
        groups[f"{lang} length up to {longest}"].append(row)
    for lang in LENGTHS:
        for kind in ("attack", "generator"):
            some = collections.defaultdict(list)
            for row in groups[lang]:
                if row["label"] != "human" and row[kind]:
                    some[f"{lang} {kind} {row['source']}/{row[kind]}"].append(row)
            groups |= {n: found for n, found in some.items() if len(found) >= SMALLEST}
    return groups


def table(metrics: dict) -> str:
    """The table of docs/model-card.md: languages and their sources."""
    lines = [
        "| Population | Texts | AUROC | False positives % | Recall % | Mixed called AI % | Undecided % | Ratio |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, found in metrics.items():
        if any(f" {kind} " in name for kind in ("length", "attack", "generator")):
            continue
        accused = found.get("false_positives")
        cells = [
            f"**{name}, all**" if name in LENGTHS else name,
            str(found["undecided"]["texts"]),
            f"{found['auroc']:.3f}" if "auroc" in found else "–",
            f"{percent(accused)} ({' – '.join(f'{100 * x:.2f}' for x in accused['interval'])})"
            if accused
            else "–",
            percent(found.get("recall")),
            percent(found.get("mixed_called_ai")),
            percent(found["undecided"]),
            str(found.get("mean_ratio_of_people", "–")),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def percent(found: dict | None) -> str:
    return f"{100 * found['value']:.1f}" if found else "–"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    for name in ("predictions", "model", "out"):
        arguments.add_argument(name, type=Path)
    given = arguments.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    lines = given.predictions.read_text(encoding="utf8").splitlines()
    groups = grouped([json.loads(line) for line in lines])
    metrics = {name: measured(rows) for name, rows in sorted(groups.items())}
    for lang in ("zh", "en"):
        bins = reliability(groups[lang])
        metrics[lang] |= {
            "reliability": bins,
            "calibration_error": calibration_error(bins),
        }
        figure = given.out / f"detector-reliability-{lang}.svg"
        figure.write_text(diagram(bins, f"Reliability, {lang}, unseen sets"))
    card = json.loads((given.model / CARD).read_text(encoding="utf8"))
    card["metrics"] = metrics
    print(table(metrics))
    print(write_card(card, given.model))


if __name__ == "__main__":
    main()
