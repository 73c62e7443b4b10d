"""Texts per core-second and memory: cascade, full model, n-grams and is-it-slop.

The stream is short posts, 95 % by people and 5 % by machines, as labelled;
without a file, the invented posts of `truepen demo` in the same proportion.
is-it-slop, which is English, runs in the Python that has it (docs/accuracy.md)
on the same texts, in turns with ours.
"""

import argparse
import gzip
import json
import random
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from services.cli.stories import samples
from services.detector.detect import Detector
from services.detector.domain.assessment import Language
from services.detector.domain.card import Card
from services.detector.domain.text import normalise
from services.detector.model import (
    CARD,
    PACKAGED,
    TOKENIZER,
    Model,
    NgramArms,
    ngram_file,
)
from tests.bench.measuring import Found, in_turns, ratios, say, summary

SHORT = {"zh": 120, "en": 330}  # characters; about 60 English words
TEXTS = 600
CASCADE, FULL, NGRAMS, SLOP = "cascade", "full model", "n-grams alone", "is-it-slop"
ARMS = (CASCADE, FULL, NGRAMS)


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


def ngram_arms(lang: str) -> NgramArms:
    """The baseline: both n-gram arms of one language, and nothing else."""
    raw = json.loads((PACKAGED / CARD).read_text(encoding="utf8"))
    specs = Card.parse(raw).languages[Language(lang)].ngrams
    paths = [PACKAGED / ngram_file(spec.unit, lang) for spec in specs]
    return NgramArms(specs, paths, PACKAGED / TOKENIZER)


def arm(name: str, lang: str) -> Callable[[list[str]], object]:
    """What judges a batch of raw texts."""
    if name == NGRAMS:
        arms = ngram_arms(lang)
        return lambda texts: arms.score([normalise(text).text for text in texts])
    model = Model() if name == CASCADE else without_cascade(Model())
    return Detector(model).detect


def rate(judge: Callable[[list[str]], object], texts: list[str], batch: int) -> float:
    started = time.process_time()
    for start in range(0, len(texts), batch):
        judge(texts[start : start + batch])
    return len(texts) / (time.process_time() - started)


def slop(python: str, texts: list[str], batch: int) -> dict[str, float]:
    """What is-it-slop does with *texts*, by its own process."""
    script = Path(__file__).with_name("slop_rate.py")
    asked = json.dumps({"texts": texts, "batch": batch})
    command = [*shlex.split(python), str(script)]
    ended = subprocess.run(
        command, input=asked, stdout=subprocess.PIPE, text=True, check=True
    )
    found: dict[str, float] = json.loads(ended.stdout)
    return found


def slop_rate(python: str, texts: list[str], batch: int) -> float:
    return slop(python, texts, batch)["rate"]


def resident() -> float:
    """The most memory that this process ever held, in MB."""
    status = Path("/proc/self/status").read_text(encoding="utf8")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def alone(name: str, lang: str, texts: list[str]) -> float:
    """Memory of a process that loads one arm and judges *texts*, in MB."""
    command = [
        sys.executable,
        "-m",
        "tests.bench.bench_detector",
        "--alone",
        name,
        lang,
    ]
    ended = subprocess.run(
        command, input=json.dumps(texts), stdout=subprocess.PIPE, text=True, check=True
    )
    return float(ended.stdout)


def arguments() -> Any:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.bench_detector", description=__doc__
    )
    parser.add_argument("texts", nargs="*", type=Path, metavar="LABELLED.jsonl[.gz]")
    parser.add_argument(
        "--batches", nargs="+", type=int, default=[64], help="texts a call"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--slop", metavar="PYTHON", help="the Python with is-it-slop")
    parser.add_argument("--alone", nargs=2, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    if options.alone:
        texts = json.load(sys.stdin)
        rate(arm(*options.alone), texts, 64)
        sys.stdout.write(f"{resident()}\n")
        return
    told = samples()
    streams = [stream(path) for path in options.texts] or [
        ("zh", mixed(told["person"] + told["occasional"], told["hosted"]))
    ]
    for lang, texts in streams:
        measure(lang, texts, options)


def measure(lang: str, texts: list[str], options: Any) -> None:
    """Say the rate of each arm on *texts*, and what a process with it holds."""
    judges = {name: arm(name, lang) for name in ARMS}
    beside = options.slop if lang == "en" else None
    for batch in options.batches:
        for judge in judges.values():
            judge(texts[:batch])
        works: dict[str, Callable[[], float]] = {
            name: partial(rate, judge, texts, batch) for name, judge in judges.items()
        }
        if beside:
            works[SLOP] = partial(slop_rate, beside, texts, batch)
        found = in_turns(works, options.rounds)
        for name, values in found.items():
            what = f"{lang} posts, {name}, batches of {batch}"
            goal = ">= 700" if name == CASCADE and batch == 64 else ""
            say(what, summary(values), "texts/CPU-s", goal)
        for base in (n for n in found if n != CASCADE):
            share = ratios(found, CASCADE, base)
            say(f"{lang} posts, cascade to {base}, {batch}", share, "ratio")
    memory = {name: alone(name, lang, texts) for name in ARMS}
    if beside:
        memory[SLOP] = slop(beside, texts, 64)["resident"]
    for name, most in memory.items():
        goal = "<= 500" if name == CASCADE else ""
        what = f"{lang} posts, {name}, resident"
        say(what, Found(most, most, most), "MB", goal)


if __name__ == "__main__":
    main()
