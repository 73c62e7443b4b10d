"""Fits what turns raw scores into probabilities, evidence and verdicts.

usage: calibrate.py NGRAM_DIR ENCODER_DIR SCORES_PREFIX OUT_MODEL_DIR VERSION

Everything is fitted on texts whose authors, and in the unseen domains whose
whole populations, no model saw. People count twice: by the n-gram arm that
knew their source and by one from which it was kept, so that thresholds and
evidence hold on the worse of both. No dev text is read here.
"""

import argparse
import pickle
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from services.detector.domain.assessment import Language
from services.detector.domain.calibration import EVIDENCE_CAP, LOGIT_CAP
from services.detector.domain.familiarity import letter_share, variety, word_length
from services.detector.domain.register import personal_share
from services.detector.training.data import LANGUAGES, UNSEEN, Row
from services.detector.training.export import (
    export_encoder,
    export_ngrams,
    write_card,
)
from services.detector.training.facts import FACTS
from services.detector.training.ngrams import SPECS

BUCKETS = {"zh": (0, 41, 81, 161, 321), "en": (0, 121, 261, 521, 1041)}
FEWEST_CHARS = {"zh": 12, "en": 30}
WORST_PEOPLE = 0.02  # false accusations allowed in the worst population
ALL_PEOPLE = 0.01  # ... and over all populations, each counting the same
LOST_MACHINES = 0.1  # machine texts that may be called HUMAN
ASSISTED_PEOPLE = 0.03  # people who may be called AI_ASSISTED, which harms nobody
LOST_BY_CASCADE = 0.005  # of the machine texts found, those the cheap arm may settle
# A text is personal where this share of its words (zh: characters) is.
PERSONAL = {"zh": 0.02, "en": 0.05}
FEWEST_POPULATIONS = 4  # to set a bar by; each counts seen and unseen
SMALLEST = 50  # texts a population needs to be heard in a bucket
UNFAMILIAR = 0.003  # calibration texts that may fall outside each limit
LEAST_LOGIT = 1.5  # AI_GENERATED means at least four to one
# Of people, the share that need not reach the encoder: less in English, where
# the n-gram arm ranks much worse than the encoder.
SETTLED_PEOPLE = {"zh": 0.7, "en": 0.5}
NEVER = 99.0


@dataclass
class Sample:
    """Scores of one language's texts, with what is known about them."""

    score: np.ndarray  # stacked
    label: np.ndarray
    population: np.ndarray
    chars: np.ndarray
    personal: np.ndarray

    def take(self, chosen: np.ndarray) -> "Sample":
        names = ("score", "label", "population", "chars", "personal")
        return Sample(*(getattr(self, name)[chosen] for name in names))


def population(row: Row) -> str:
    """Source, apart where the domain is unseen or the person is a twin."""
    twin = row.source.endswith("fresh_llm") and row.label == "human"
    name = "twin" if twin else row.source
    return name + ("*" if row.domain in UNSEEN[row.lang] else "")


def balanced(names: np.ndarray, machine: np.ndarray) -> np.ndarray:
    """Weights: populations count alike, and machines as much as people."""
    weight = np.zeros(len(names))
    for side in (machine, ~machine):
        _, index, counts = np.unique(
            names[side], return_inverse=True, return_counts=True
        )
        each = np.minimum(counts, 150) / counts
        weight[side] = each[index] / each[index].sum()
    return weight * len(names)


def stack(scores: np.ndarray, label: np.ndarray, names: np.ndarray) -> np.ndarray:
    """Weights of the arms; an arm that would count backwards counts nothing."""
    pure = label != "mixed"
    weight = balanced(names[pure], label[pure] == "ai")
    keep = list(range(scores.shape[1]))
    while True:
        model = LogisticRegression(C=1e3)
        model.fit(scores[pure][:, keep], label[pure] == "ai", sample_weight=weight)
        if (model.coef_[0] >= 0).all():
            break
        keep = [k for k, c in zip(keep, model.coef_[0], strict=True) if c >= 0]
    found = np.zeros(scores.shape[1])
    found[keep] = model.coef_[0]
    return found


def calibrate(
    inside: Sample, outside: Sample, arms: np.ndarray, lang: str
) -> list[dict]:
    """One calibration a range of lengths, for scores stacked by *arms*."""
    made = []
    for low, high in zip(BUCKETS[lang], [*BUCKETS[lang][1:], 10**9], strict=True):
        # Neighbouring lengths lend their texts: a bucket alone is thin.
        known = near(inside, low, high)
        machine = known.label == "ai"
        fitted = LogisticRegression(C=1e3)
        weight = balanced(known.population, machine)
        fitted.fit(known.score[:, None], machine, sample_weight=weight)
        slope, shift = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
        judged = both(known, near(outside, low, high))
        judged.score = np.clip(slope * judged.score + shift, -LOGIT_CAP, LOGIT_CAP)
        evidence_slope, evidence_shift = honest_evidence(judged)
        made.append(
            {
                "min_chars": low,
                "weights": [round(float(slope * w), 5) for w in arms],
                "intercept": round(shift, 5),
                "evidence_slope": evidence_slope,
                "evidence_shift": evidence_shift,
                "thresholds": thresholds(judged),
                "fitted_on": {
                    "people": int((~machine).sum()),
                    "machines": int(machine.sum()),
                },
            }
        )
    return made


def near(sample: Sample, low: int, high: int) -> Sample:
    return sample.take((sample.chars >= low * 0.7) & (sample.chars < high * 1.4))


def both(inside: Sample, outside: Sample) -> Sample:
    """All texts, and the people once more as populations never seen."""
    people = outside.take(outside.label == "human")
    unseen = np.char.add(people.population.astype("U60"), " unseen")
    return Sample(
        np.concatenate([inside.score, people.score]),
        np.concatenate([inside.label, people.label]),
        np.concatenate([inside.population, unseen]),
        np.concatenate([inside.chars, people.chars]),
        np.concatenate([inside.personal, people.personal]),
    )


def people(sample: Sample) -> list[np.ndarray]:
    """Which texts belong to each human population large enough to judge by."""
    human = sample.label == "human"
    names = np.unique(sample.population)
    groups = [human & (sample.population == name) for name in names]
    return [g for g in groups if g.sum() >= SMALLEST]


def honest_evidence(sample: Sample) -> tuple[float, float]:
    """Slope and shift that keep every population's average ratio <= 1.

    An average ratio of people above 1 would let an account of nothing but human
    texts drift towards guilt, however many of them were read.
    """
    machine = sample.label == "ai"
    weight = balanced(sample.population, machine)[machine]
    best, best_gain = (0.5, 2.0), -np.inf
    for slope in (1.0, 0.85, 0.7):
        for shift in np.arange(0, 3.01, 0.05):
            raw = slope * sample.score - shift
            evidence = np.clip(raw, -EVIDENCE_CAP, EVIDENCE_CAP)
            ratio = np.exp(evidence)
            if max(ratio[group].mean() for group in people(sample)) <= 1.0:
                gain = np.average(evidence[machine], weights=weight)
                if gain > best_gain:
                    best, best_gain = (slope, round(float(shift), 2)), gain
                break
    return best


def thresholds(sample: Sample) -> dict[str, float]:
    machine = sample.label == "ai"
    even = balanced(sample.population, machine)
    missed = weighted_quantile(sample.score[machine], even[machine], LOST_MACHINES)
    formal, personal = (
        bar(sample.take(sample.personal == flag), sample) for flag in (False, True)
    )
    return {
        "human": round(min(missed, 0.0), 4),
        "generated": formal,
        "generated_personal": min(formal, personal),
    }


def bar(register: Sample, every: Sample) -> float:
    """Score that hardly any of any population's people of this register reach.

    Where too few populations write in it, the bar is that of all registers.
    """
    sample = register if len(people(register)) >= FEWEST_POPULATIONS else every
    score, human = sample.score, sample.label == "human"
    even = balanced(sample.population, sample.label == "ai")
    worst = max(np.quantile(score[g], 1 - WORST_PEOPLE) for g in people(sample))
    overall = weighted_quantile(score[human], even[human], 1 - ALL_PEOPLE)
    found = max(float(worst), overall, LEAST_LOGIT) + 1e-3
    return round(found if found < LOGIT_CAP else NEVER, 4)


def weighted_quantile(values: np.ndarray, weights: np.ndarray, q: float) -> float:
    order = np.argsort(values)
    mass = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(mass, q * mass[-1])])


def logits(
    calibrations: list[dict], score: np.ndarray, chars: np.ndarray, arms: np.ndarray
) -> np.ndarray:
    """Calibrated logits of scores stacked by *arms*."""
    found = np.zeros(len(score))
    for c in calibrations:
        slope = c["weights"][0] / arms[0]
        fits = chars >= c["min_chars"]
        found[fits] = slope * score[fits] + c["intercept"]
    return found


def polish_threshold(polish: np.ndarray, label: np.ndarray, names: np.ndarray) -> float:
    """Polish score that at most a few of every population's people reach."""
    human = label == "human"
    groups = [polish[human & (names == n)] for n in np.unique(names)]
    return round(
        float(
            max(
                np.quantile(g, 1 - ASSISTED_PEOPLE)
                for g in groups
                if len(g) >= SMALLEST
            )
        ),
        4,
    )


def settled(
    cheap: np.ndarray,
    found: np.ndarray,
    label: np.ndarray,
    names: np.ndarray,
    lang: str,
) -> float:
    """Cheap logit up to which a text is clearly human and needs no encoder.

    *found* marks the machine texts that the full model calls AI_GENERATED.
    """
    human = label == "human"
    weight = balanced(names, label == "ai")[human]
    most = weighted_quantile(cheap[human], weight, SETTLED_PEOPLE[lang])
    harmless = np.quantile(cheap[found & (label == "ai")], LOST_BY_CASCADE)
    return round(float(min(most, harmless)), 4)


def generated(
    logit: np.ndarray, chars: np.ndarray, personal: np.ndarray, made: list[dict]
) -> np.ndarray:
    """Which texts reach the bar of AI_GENERATED for their length and register."""
    bars = np.full(len(logit), np.inf)
    for c in made:
        limits_of = c["thresholds"]
        its = np.where(
            personal, limits_of["generated_personal"], limits_of["generated"]
        )
        fits = chars >= c["min_chars"]
        bars[fits] = its[fits]
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
    label = np.array([r.label for r in rows])
    names = np.array([population(r) for r in rows])
    chars = np.array([len(t) for t in texts])
    shares = np.array([personal_share(t, Language(lang)) for t in texts])
    personal = shares >= PERSONAL[lang]
    machine, polish = encoded["scores"].T
    made, judged = {}, {}
    for kind in ("cheap", "full"):
        extra = [machine] if kind == "full" else []
        inside = np.column_stack([found["inside"][index], *extra])
        outside = np.column_stack([found["outside"][index], *extra])
        arms = stack(inside, label, names)
        samples = [
            Sample(s @ arms, label, names, chars, personal) for s in (inside, outside)
        ]
        made[kind] = calibrate(*samples, arms, lang)
        judged[kind] = logits(made[kind], inside @ arms, chars, arms)
    found_by_full = generated(judged["full"], chars, personal, made["full"])
    return {
        "ngrams": asdict(SPECS[lang]),
        **made,
        "settled": settled(judged["cheap"], found_by_full, label, names, lang),
        "personal": PERSONAL[lang],
        "polished": polish_threshold(polish, label, names),
        "fewest_chars": FEWEST_CHARS[lang],
        "limits": limits(texts, lang),
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
        learned = np.load(given.ngrams / f"ngram_{lang}.npz")
        path = given.out / f"ngram_{lang}.onnx"
        export_ngrams(learned["weight"], float(learned["bias"][0]), path)
    export_encoder(given.encoder, given.out)
    print(write_card(card, given.out))


if __name__ == "__main__":
    main()
