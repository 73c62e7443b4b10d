"""Texts per core-second, cascade against full model, and resident memory.

usage: python -m tests.bench.bench_detector [LABELLED.jsonl[.gz] ...]

The stream is short posts, 95 % by people and 5 % by machines, as labelled;
without a file, the invented posts of `truepen demo` in the same proportion.
"""
# ruff: noqa: T201 - a benchmark prints what it measured

import gzip
import json
import random
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path

from services.cli.stories import samples
from services.detector.detect import Detector
from services.detector.domain.card import Card
from services.detector.model import Model

SHORT = {"zh": 120, "en": 330}  # characters; about 60 English words
TEXTS = 600


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
        name: replace(card, settled=-99.0)
        for name, card in model.card.languages.items()
    }
    model.card = Card(model.card.version, languages)
    return model


def rate(detector: Detector, texts: list[str], batch: int) -> float:
    detector.detect(texts[:batch])
    started = time.process_time()
    for start in range(0, len(texts), batch):
        detector.detect(texts[start : start + batch])
    return len(texts) / (time.process_time() - started)


def main() -> None:
    detectors = {
        "cascade": Detector(Model()),
        "full model": Detector(without_cascade(Model())),
    }
    print(f"{'':14}{'batch 1':>9}{'batch 8':>9}{'batch 64':>9}  texts/core-second")
    told = samples()
    streams = [stream(Path(name)) for name in sys.argv[1:]] or [
        ("zh", mixed(told["person"] + told["occasional"], told["hosted"]))
    ]
    for lang, texts in streams:
        for name, detector in detectors.items():
            rates = [rate(detector, texts, batch) for batch in (1, 8, 64)]
            print(f"{lang} {name:11}" + "".join(f"{r:9.0f}" for r in rates))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"resident, two models and the texts: {memory:.0f} MB")


if __name__ == "__main__":
    main()
