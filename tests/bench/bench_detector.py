"""Texts per core-second, cascade against full model, and resident memory.

usage: python -m tests.bench.bench_detector [LABELLED.jsonl[.gz] ...]

The stream is short posts, 95 % by people and 5 % by machines, as labelled;
without a file, the invented posts of `truepen demo` in the same proportion.
"""

import argparse
import gzip
import json
import random
import resource
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from services.cli.stories import samples
from services.detector.detect import Detector
from services.detector.domain.card import Card
from services.detector.model import Model
from tests.bench.measuring import Found, in_turns, ratios, say, summary

SHORT = {"zh": 120, "en": 330}  # characters; about 60 English words
TEXTS = 600
BATCH = 64


def stream(path: Path) -> tuple[str, list[str]]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf8") as lines:
        rows = [json.loads(line) for line in lines]
    lang = rows[0]["lang"]
    short = [r for r in rows if 12 <= len(r["text"]) <= SHORT[lang]]
    people = [r["text"] for r in short if r["label"] == "human"]
    machines = [r["text"] for r in short if r["label"] == "ai"]
    return lang, mixed(people, machines)


def mixed(people: list[str], machines: list[str]) -> list[str]:
    dice = random.Random(5)
    texts = dice.choices(people, k=TEXTS * 95 // 100)
    texts += dice.choices(machines, k=TEXTS - len(texts))
    dice.shuffle(texts)
    return texts


def without_cascade(model: Model) -> Model:
    languages = {
        name: replace(card, settled_cheap=-99.0, settled_early=-99.0)
        for name, card in model.card.languages.items()
    }
    model.card = Card(model.card.version, languages)
    return model


def rate(detector: Detector, texts: list[str], batch: int) -> float:
    started = time.process_time()
    for start in range(0, len(texts), batch):
        detector.detect(texts[start : start + batch])
    return len(texts) / (time.process_time() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("texts", nargs="*", type=Path, metavar="LABELLED")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    detectors = {
        "cascade": Detector(Model()),
        "full model": Detector(without_cascade(Model())),
    }
    told = samples()
    streams = [stream(path) for path in options.texts] or [
        ("zh", mixed(told["person"] + told["occasional"], told["hosted"]))
    ]
    for lang, texts in streams:
        for detector in detectors.values():
            detector.detect(texts[:BATCH])
        found = in_turns(
            {n: partial(rate, d, texts, BATCH) for n, d in detectors.items()},
            options.rounds,
        )
        for name, values in found.items():
            what = f"{lang} posts, {name}, batches of {BATCH}"
            goal = ">= 700" if name == "cascade" else ""
            say(what, summary(values), "texts/CPU-s", goal)
        share = ratios(found, "cascade", "full model")
        say(f"{lang} posts, cascade to full model", share, "ratio")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    what = "resident, two models and the texts"
    say(what, Found(memory, memory, memory), "MB")


if __name__ == "__main__":
    main()
