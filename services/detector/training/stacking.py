"""Stacks the arms' scores and draws a line through them for each range of lengths."""

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression

from services.detector.domain.assessment import Language
from services.detector.domain.calibration import LOGIT_CAP
from services.detector.domain.fitting import (
    Sample,
    balanced,
    bar,
    honest_evidence,
    straightened,
    thresholds,
)
from services.detector.domain.register import personal_share
from services.detector.training.data import UNSEEN, Row

BUCKETS = {"zh": (0, 41, 81, 161, 321), "en": (0, 121, 261, 521, 1041)}
# English texts of so many characters are no posts: where they are personal they are
# essays, as learners write them, and are held to the bar of formal ones.
LONGER_THAN_POSTS = {"en": 1041}
# A text is personal where this share of its words (zh: characters) is.
PERSONAL = {"zh": 0.02, "en": 0.05}
# Where one bar holds for all lengths and registers: the logit means the same in
# each, and the tail of one alone is noise. With a source left out that accuses
# fewer people and finds more texts in Chinese; in English it finds fewer.
ONE_BAR = {"zh"}
GENERATED = ("generated", "generated_personal")  # bars of the two registers
# Sources whose machine texts are rewrites of people's: half of the populations that
# arms could be weighed on, and hardly any arm tells them from their originals.
REWRITTEN = ("l2r", "raidar")


@dataclass
class Labelled:
    """What is known of one language's texts beside their scores."""

    lang: str
    label: np.ndarray
    population: np.ndarray
    chars: np.ndarray
    personal: np.ndarray


def labelled(found: dict, index: list[int], lang: str) -> Labelled:
    """What is known of the texts at *index* of those that `ngrams.py` scored."""
    rows = [found["rows"][i] for i in index]
    texts = [found["texts"][i] for i in index]
    shares = np.array([personal_share(t, Language(lang)) for t in texts])
    return Labelled(
        lang,
        label=np.array([r.label for r in rows]),
        population=np.array([population(r) for r in rows]),
        chars=np.array([len(t) for t in texts]),
        personal=shares >= PERSONAL[lang],
    )


def population(row: Row) -> str:
    """Source, apart where the domain is unseen or the person is a twin."""
    twin = row.source.endswith("fresh_llm") and row.label == "human"
    name = "twin" if twin else row.source
    return name + ("*" if row.domain in UNSEEN[row.lang] else "")


def stack(
    inside: np.ndarray, outside: np.ndarray, label: np.ndarray, names: np.ndarray
) -> np.ndarray:
    """Weights of the arms; an arm that would count backwards counts nothing.

    All arms are weighed on the same terms: half on new authors of sources that all
    of them met, half on sources that none of them did (*outside*; NaN where one did).
    An encoder knows its sources better than n-grams know theirs, and what it has not
    met worse: by the first half alone n-grams would count too little elsewhere.
    """
    rewritten = np.isin(np.char.rstrip(names.astype("U60"), "*"), REWRITTEN)
    pure = np.where(rewritten, label == "human", label != "mixed")
    unmet = pure & ~np.isnan(outside).any(axis=1)
    scores = np.concatenate([inside[pure], outside[unmet]])
    machine = np.concatenate([label[pure], label[unmet]]) == "ai"
    weight = np.concatenate(
        [shared(names[pure], label[pure]), shared(names[unmet], label[unmet])]
    )
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


def shared(names: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Weights that add up to one thousand, populations and sides alike."""
    weight = balanced(names, label == "ai")
    return weight / max(weight.sum(), 1.0) * 1000


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
        bars = thresholds(judged)
        if low >= LONGER_THAN_POSTS.get(texts.lang, 10**9):
            bars["generated_personal"] = bars["generated"]
        made.append(
            {
                **line,
                "evidence_slope": evidence_slope,
                "evidence_shift": evidence_shift,
                "thresholds": bars,
                "fitted_on": {
                    "people": int((label == "human").sum()),
                    "machines": int((label == "ai").sum()),
                },
            }
        )
    if texts.lang in ONE_BAR:
        every = np.full(len(inside), fill_value=True)
        judged = twice(made, inside, outside, texts, every)
        common = bar(judged, judged)
        shortest, *longer = made
        for calibration in longer:
            calibration["thresholds"] |= dict.fromkeys(GENERATED, common)
        # The least text must meet the allowance by itself, or be undecided.
        own = shortest["thresholds"]
        own |= {register: max(own[register], common) for register in GENERATED}
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
