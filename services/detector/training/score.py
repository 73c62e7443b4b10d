"""Scores the tune texts with the encoder as it ships, for calibration.

usage: score.py NGRAM_SCORES ENCODER_DIR OUT LANG [--most N] [--unmet ENCODER_DIR ...]

Beside the scores of the encoder that ships go those of encoders that did not meet
some sources, on the texts of these: `unmet`, NaN elsewhere.
"""

import argparse
import json
import pickle
import random
from pathlib import Path

import numpy as np

from services.detector.domain.assessment import Language
from services.detector.domain.segments import passages, sampled
from services.detector.model import ENCODER, TOKENIZER, EncoderArm
from services.detector.training.encoder import WITHOUT
from services.detector.training.ngrams import LONGEST

MAX_ENCODED = 4
MOST = 450  # people of one domain of a source; more for their tails
MACHINES = 0.29  # as many machine texts for each of these


def chosen(texts: list[str], owners: list, most: int) -> list[int]:
    """Whole texts of people; of machines also passages, so that lengths overlap.

    A passage torn from an abstract is nobody's post: thresholds are set on
    what people wrote, at the lengths they wrote it.
    """
    dice = random.Random(11)
    machines = int(MACHINES * most)
    groups: dict[tuple[str, str, str], list[int]] = {}
    for index, (text, owner) in enumerate(zip(texts, owners, strict=True)):
        whole = text == owner.text[:LONGEST]
        if owner.label == "ai" or whole:
            key = (owner.source, owner.domain, owner.label)
            groups.setdefault(key, []).append(index)
    picked = [
        dice.sample(some, min(most if label == "human" else machines, len(some)))
        for (_, _, label), some in groups.items()
    ]
    return sorted(index for some in picked for index in some)


def encoder_scores(texts: list[str], lang: str, arm: EncoderArm) -> np.ndarray:
    """Early machine, machine and polish: means over the passages serving reads."""
    scores = np.zeros((len(texts), 3), dtype=np.float32)
    for start in range(0, len(texts), 64):
        owner, parts = [], []
        for index, text in enumerate(texts[start : start + 64], start):
            spans = passages(text, Language(lang))
            for k in sampled(len(spans), MAX_ENCODED):
                owner.append(index)
                parts.append(text[spans[k][0] : spans[k][1]])
        skimmed = arm.skim(parts)
        early = np.array([[one.machine] for one in skimmed], dtype=np.float32)
        found = np.hstack([early, arm.read(skimmed)])
        for index in set(owner):
            scores[index] = found[[i == index for i in owner]].mean(axis=0)
    return scores


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    for name in ("ngram_scores", "encoder", "out"):
        arguments.add_argument(name, type=Path)
    arguments.add_argument("lang")
    arguments.add_argument("--most", type=int, default=MOST, help="people of a domain")
    arguments.add_argument("--unmet", nargs="*", type=Path, default=())
    given = arguments.parse_args()
    found = pickle.loads(given.ngram_scores.read_bytes())[given.lang]
    index = chosen(found["texts"], found["rows"], given.most)
    texts = [found["texts"][i] for i in index]
    scores = encoder_scores(texts, given.lang, loaded(given.encoder))
    unmet = np.full_like(scores, np.nan)
    for folder in given.unmet:
        without = json.loads((folder / WITHOUT).read_text())
        its = [k for k, i in enumerate(index) if found["rows"][i].source in without]
        if its:
            some = [texts[k] for k in its]
            unmet[its] = encoder_scores(some, given.lang, loaded(folder))
    result = {"index": index, "scores": scores, "unmet": unmet}
    given.out.write_bytes(pickle.dumps(result))


def loaded(folder: Path) -> EncoderArm:
    first, rest = (folder / name for name in ENCODER)
    return EncoderArm(first, rest, folder / TOKENIZER)


if __name__ == "__main__":
    main()
