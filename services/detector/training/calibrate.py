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
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from services.detector.domain.assessment import Language
from services.detector.domain.calibration import LOGIT_CAP
from services.detector.domain.familiarity import letter_share, variety, word_length
from services.detector.domain.fitting import (
    NEVER,
    SMALLEST,
    Sample,
    balanced,
    bar,
    honest_evidence,
    straightened,
    thresholds,
    weighted_quantile,
)
from services.detector.domain.register import personal_share
from services.detector.model import ENCODER, TOKENIZER, ngram_file, write_card
from services.detector.training.data import LANGUAGES, UNSEEN, Row
from services.detector.training.export import export_ngrams
from services.detector.training.facts import FACTS
from services.detector.training.ngrams import SPECS

BUCKETS = {"zh": (0, 41, 81, 161, 321), "en": (0, 121, 261, 521, 1041)}
FEWEST_CHARS = {"zh": 12, "en": 30}
ASSISTED_PEOPLE = 0.03  # people who may be called AI_ASSISTED, which harms nobody
LOST_BY_CASCADE = 0.0025  # of the machine texts found, what each step may lose
RANK_LOST = 0.004  # AUROC that each step of the cascade may cost
# A text is personal where this share of its words (zh: characters) is.
PERSONAL = {"zh": 0.02, "en": 0.05}
# Where one bar holds for all lengths and registers: the logit means the same in
# each, and the tail of one alone is noise. With a source left out that accuses
# fewer people and finds more texts in Chinese; in English it finds fewer.
ONE_BAR = {"zh"}
UNFAMILIAR = 0.003  # calibration texts that may fall outside each limit


@dataclass
class Labelled:
    """What is known of one language's texts beside their scores."""

    lang: str
    label: np.ndarray
    population: np.ndarray
    chars: np.ndarray
    personal: np.ndarray


def population(row: Row) -> str:
    """Source, apart where the domain is unseen or the person is a twin."""
    twin = row.source.endswith("fresh_llm") and row.label == "human"
    name = "twin" if twin else row.source
    return name + ("*" if row.domain in UNSEEN[row.lang] else "")


def stack(
    inside: np.ndarray, outside: np.ndarray, label: np.ndarray, names: np.ndarray
) -> np.ndarray:
    """Weights of the arms; an arm that would count backwards counts nothing.

    n-gram arms look better than they are on sources they know and worse than
    they are where a whole source is missing: both ways of scoring count.
    """
    pure = label != "mixed"
    known = pure & ~np.isnan(outside).any(axis=1)
    scores = np.vstack([inside[pure], outside[known]])
    machine = np.concatenate([label[pure], label[known]]) == "ai"
    weight = balanced(np.concatenate([names[pure], names[known]]), machine)
    keep = list(range(scores.shape[1]))
    while True:
        model = LogisticRegression(C=1e3)
        model.fit(scores[:, keep], machine, sample_weight=weight)
        if (model.coef_[0] >= 0).all():
            break
        keep = [k for k, c in zip(keep, model.coef_[0], strict=True) if c >= 0]
    found = np.zeros(scores.shape[1])
    found[keep] = model.coef_[0]
    return found


def calibrate(
    inside: np.ndarray, outside: np.ndarray, arms: np.ndarray, texts: Labelled
) -> list[dict]:
    """One calibration a range of lengths, for scores stacked by *arms*.

    *inside* and *outside* have a row a text, as `ngrams.py` scores them.
    """
    made = []
    lows = BUCKETS[texts.lang]
    for low, high in zip(lows, [*lows[1:], 10**9], strict=True):
        # Neighbouring lengths lend their texts: a bucket alone is thin.
        near = (texts.chars >= low * 0.7) & (texts.chars < high * 1.4)
        label, names = texts.label[near], texts.population[near]
        stacked = inside[near] @ arms
        weight = balanced(names, label == "ai")
        slope, shift = straightened(stacked, label == "ai", weight)
        line = {
            "min_chars": low,
            "weights": [round(float(slope * w), 5) for w in arms],
            "intercept": round(shift, 5),
        }
        # The neighbours, too, are judged by this line.
        judged = twice([{**line, "min_chars": 0}], inside, outside, texts, near)
        evidence_slope, evidence_shift = honest_evidence(judged)
        made.append(
            {
                **line,
                "evidence_slope": evidence_slope,
                "evidence_shift": evidence_shift,
                "thresholds": thresholds(judged),
                "fitted_on": {
                    "people": int((label == "human").sum()),
                    "machines": int((label == "ai").sum()),
                },
            }
        )
    if texts.lang in ONE_BAR:
        every = np.full(len(inside), fill_value=True)
        judged = twice(made, inside, outside, texts, every)
        shared = bar(judged, judged)
        for calibration in made:
            calibration["thresholds"] |= {
                "generated": shared,
                "generated_personal": shared,
            }
    return made


def twice(
    made: list[dict],
    inside: np.ndarray,
    outside: np.ndarray,
    texts: Labelled,
    chosen: np.ndarray,
) -> Sample:
    """The *chosen* texts; people twice: as known sources and as never seen."""
    unseen = chosen & (texts.label == "human") & ~np.isnan(outside).any(axis=1)
    again = np.char.add(texts.population[unseen].astype("U60"), " unseen")
    scores = np.concatenate([inside[chosen], outside[unseen]])
    chars = np.concatenate([texts.chars[chosen], texts.chars[unseen]])
    return Sample(
        logits(made, scores, chars),
        np.concatenate([texts.label[chosen], texts.label[unseen]]),
        np.concatenate([texts.population[chosen], again]),
        np.concatenate([texts.personal[chosen], texts.personal[unseen]]),
    )


def logits(
    calibrations: list[dict], scores: np.ndarray, chars: np.ndarray
) -> np.ndarray:
    """Calibrated logits of the arms' scores."""
    found = np.zeros(len(scores))
    for c in calibrations:
        fits = chars >= c["min_chars"]
        found[fits] = scores[fits] @ np.array(c["weights"]) + c["intercept"]
    return np.clip(found, -LOGIT_CAP, LOGIT_CAP)


def polish_threshold(polish: np.ndarray, label: np.ndarray, names: np.ndarray) -> float:
    """Polish score that at most a few of every population's people reach."""
    human = label == "human"
    groups = [polish[human & (names == n)] for n in np.unique(names)]
    tails = [np.quantile(g, 1 - ASSISTED_PEOPLE) for g in groups if len(g) >= SMALLEST]
    return round(float(max(tails, default=NEVER)), 4)


def settled(
    shallow: np.ndarray,
    deep: np.ndarray,
    found: np.ndarray,
    label: np.ndarray,
    names: np.ndarray,
) -> float:
    """Shallow logit up to which a text is clearly human and is read no further.

    *found* marks the machine texts that the full model calls AI_GENERATED. The
    more people are settled the better, as long as hardly a found text is lost
    and ranking stays: evidence adds up over an account, so it matters too.
    """
    pure = label != "mixed"
    machine = label[pure] == "ai"
    weight = balanced(names[pure], machine)
    before = roc_auc_score(machine, deep[pure], sample_weight=weight)
    best = -NEVER
    for share in np.arange(0.05, 1.0, 0.025):
        limit = weighted_quantile(shallow[pure][~machine], weight[~machine], share)
        ends = shallow <= limit
        after = np.where(ends, shallow, deep)[pure]
        rank = roc_auc_score(machine, after, sample_weight=weight)
        lost = (ends & found).sum() / max(found.sum(), 1)
        if before - rank > RANK_LOST or lost > LOST_BY_CASCADE:
            break
        best = limit
    return round(float(best), 4)


def generated(logit: np.ndarray, texts: Labelled, made: list[dict]) -> np.ndarray:
    """Which texts reach the bar of AI_GENERATED for their length and register."""
    bars = np.full(len(logit), np.inf)
    for c in made:
        formal, personal = (
            c["thresholds"][name] for name in ("generated", "generated_personal")
        )
        fits = texts.chars >= c["min_chars"]
        bars[fits] = np.where(texts.personal, personal, formal)[fits]
    return logit >= bars


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
    rows = [found["rows"][i] for i in index]
    texts = [found["texts"][i] for i in index]
    shares = np.array([personal_share(t, Language(lang)) for t in texts])
    known = Labelled(
        lang,
        label=np.array([r.label for r in rows]),
        population=np.array([population(r) for r in rows]),
        chars=np.array([len(t) for t in texts]),
        personal=shares >= PERSONAL[lang],
    )
    label, names = known.label, known.population
    early, machine, polish = encoded["scores"].T
    made, logit = {}, {}
    for depth, more in (("cheap", []), ("early", [early]), ("full", [machine])):
        inside, outside = (
            np.column_stack([found[kind][index], *more])
            for kind in ("inside", "outside")
        )
        arms = stack(inside, outside, label, names)
        made[depth] = calibrate(inside, outside, arms, known)
        logit[depth] = logits(made[depth], inside, known.chars)
    caught = generated(logit["full"], known, made["full"]) & (label == "ai")
    limit = settled(logit["cheap"], logit["full"], caught, label, names)
    on = logit["cheap"] > limit
    early_limit = settled(
        logit["early"][on], logit["full"][on], caught[on], label[on], names[on]
    )
    tell(lang, label, on, logit["early"] > early_limit)
    return {
        "ngrams": [asdict(spec) for spec in SPECS[lang]],
        **made,
        "settled_cheap": limit,
        "settled_early": early_limit,
        "personal": PERSONAL[lang],
        "polished": polish_threshold(polish, label, names),
        "fewest_chars": FEWEST_CHARS[lang],
        "limits": limits(texts, lang),
    }


def tell(lang: str, label: np.ndarray, skimmed: np.ndarray, read: np.ndarray) -> None:
    """Say how far people and machines are read."""
    for name in ("human", "ai"):
        its = label == name
        both_steps = (skimmed & read)[its].mean()
        print(
            f"{lang} {name}: {skimmed[its].mean():.0%} skimmed, {both_steps:.0%} read"
        )


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
