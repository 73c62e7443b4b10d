"""Fits what turns raw scores into probabilities, evidence and verdicts.

usage: calibrate.py NGRAM_DIR EXPORTED_DIR SCORES_PREFIX OUT_MODEL_DIR VERSION

Everything is fitted on texts whose authors, and in the unseen domains whose
whole populations, no model saw. People count twice: by the n-gram arm that
knew their source and by one from which it was kept, so that thresholds and
evidence hold on the worse of both. No dev text is read here.
"""

import argparse
import pickle
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from services.detector.domain.familiarity import letter_share, variety, word_length
from services.detector.domain.fitting import NEVER, SMALLEST
from services.detector.model import ENCODER, TOKENIZER, ngram_file, write_card
from services.detector.training.data import LANGUAGES
from services.detector.training.export import export_ngrams
from services.detector.training.facts import FACTS
from services.detector.training.ngrams import SPECS
from services.detector.training.settling import (
    RANK_LOST,
    Depths,
    generated,
    settled,
    tell,
)
from services.detector.training.stacking import (
    PERSONAL,
    calibrate,
    labelled,
    logits,
    stack,
)

FEWEST_CHARS = {"zh": 12, "en": 30}
ASSISTED_PEOPLE = 0.03  # people who may be called AI_ASSISTED, which harms nobody
UNFAMILIAR = 0.003  # calibration texts that may fall outside each limit


def polish_threshold(polish: np.ndarray, label: np.ndarray, names: np.ndarray) -> float:
    """Polish score that at most a few of every population's people reach."""
    human = label == "human"
    groups = [polish[human & (names == n)] for n in np.unique(names)]
    tails = [np.quantile(g, 1 - ASSISTED_PEOPLE) for g in groups if len(g) >= SMALLEST]
    return round(float(max(tails, default=NEVER)), 4)


def limits(texts: list[str], lang: str) -> dict[str, float]:
    longer = [t for t in texts if len(t) >= 2 * FEWEST_CHARS[lang]]

    def low(of: Callable[[str], float]) -> float:
        return round(float(np.quantile([of(t) for t in longer], UNFAMILIAR)), 3)

    longest = np.quantile([word_length(t) for t in longer], 1 - UNFAMILIAR)
    return {
        "least_letters": low(letter_share),
        "least_variety": low(variety),
        "longest_word": round(float(longest), 2),
    }


def language_card(found: dict, encoded: dict, lang: str) -> dict:
    index = encoded["index"]
    known = labelled(found, index, lang)
    label, names = known.label, known.population
    early, machine, polish = encoded["scores"].T
    unmet_early, unmet_machine, _ = encoded["unmet"].T
    made, met, unmet = {}, {}, {}
    for depth, knows, lacks in (
        ("cheap", [], []),
        ("early", [early], [unmet_early]),
        ("full", [machine], [unmet_machine]),
    ):
        inside = np.column_stack([found["inside"][index], *knows])
        outside = np.column_stack([found["outside"][index], *lacks])
        arms = stack(inside, outside, label, names)
        # Encoders that lack a source are weaker ones than that which ships: they
        # tell what an arm is worth there, and not where people's bars must be.
        unseen = np.column_stack([found["outside"][index], *knows])
        made[depth] = calibrate(inside, unseen, arms, known)
        met[depth] = logits(made[depth], inside, known.chars)
        unmet[depth] = logits(made[depth], outside, known.chars)
    pure = label != "mixed"
    lacked = pure & ~np.isnan(unmet["full"])
    caught = generated(met["full"], known, made["full"]) & (label == "ai")
    inner = Depths(**met, label=label, names=names).take(pure)
    outer = Depths(**unmet, label=label, names=names).take(lacked)
    at_cheap, at_early = settled(inner, outer, caught[pure], RANK_LOST[lang])
    tell(lang, inner, at_cheap, at_early)
    return {
        "ngrams": [asdict(spec) for spec in SPECS[lang]],
        **made,
        "settled_cheap": at_cheap,
        "settled_early": at_early,
        "personal": PERSONAL[lang],
        "polished": polish_threshold(polish, label, names),
        "fewest_chars": FEWEST_CHARS[lang],
        "limits": limits([found["texts"][i] for i in index], lang),
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    for name in ("ngrams", "encoder", "scores", "out"):
        arguments.add_argument(name, type=Path)
    arguments.add_argument("version")
    given = arguments.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    found = pickle.loads((given.ngrams / "ngram_scores.pkl").read_bytes())
    card: dict = {"version": given.version, "languages": {}, **FACTS}
    for lang in LANGUAGES:
        scored = pickle.loads(Path(f"{given.scores}.{lang}.pkl").read_bytes())
        card["languages"][lang] = language_card(found[lang], scored, lang)
        for spec in SPECS[lang]:
            learned = np.load(given.ngrams / f"ngram_{spec.unit}_{lang}.npz")
            path = given.out / ngram_file(spec.unit, lang)
            export_ngrams(learned["weight"], float(learned["bias"][0]), path)
    for name in (*ENCODER, TOKENIZER):
        shutil.copy(given.encoder / name, given.out / name)
    print(write_card(card, given.out))


if __name__ == "__main__":
    main()
