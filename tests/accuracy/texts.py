"""The dev texts of one language, as the shipped detector and others see them."""

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from services.cli.progress import progress
from services.detector.detect import Detector
from services.detector.domain.assessment import Language
from services.detector.domain.text import normalise
from services.detector.training.data import group_of, raw_rows
from services.detector.training.predict import AT_ONCE, predicted
from tests.accuracy.measures import Bools, Floats
from tests.accuracy.peers import Peer, PeerFault
from tests.accuracy.remembered import Memory, Remembering
from tests.accuracy.tricks import TRICKS, Trick

Found = dict[str, Any]  # as predict.py writes it, with what is known

OURS: Final = "TruePen"
TRICKED: Final = 300  # machine texts a language
SEED: Final = 4
PUNCTUATION: Final = re.compile(r"[^\w\s]")


@dataclass(frozen=True, slots=True)
class Judged:
    """All dev texts of one language, and what each arm says of them.

    `arms` has a score a text by name: ours, its n-gram arms, the peers, and
    `features`, which know nothing of language. `absent` says why a peer is not
    there.
    """

    lang: str
    found: list[Found]
    arms: Mapping[str, Floats]
    features: Mapping[str, Floats]
    tricks: Mapping[str, float]  # share called AI_GENERATED, "plain" included
    absent: Mapping[str, str]

    @property
    def machine(self) -> Bools:
        """Which texts a machine wrote."""
        return np.array([row["label"] == "ai" for row in self.found])

    @property
    def pure(self) -> Bools:
        """Which texts one hand wrote: not mixed."""
        return np.array([row["label"] != "mixed" for row in self.found])


def judge(
    data: Path, lang: str, model: Remembering, memory: Memory, peers: Iterable[Peer]
) -> Judged:
    """Have everyone judge the dev texts of *lang* in the folder *data*."""
    rows = raw_rows(data, "dev", lang)
    texts = [row["text"] for row in rows]
    detector = Detector(model)
    found: list[Found] = []
    with progress(f"{lang}: reading dev texts", len(rows)) as advance:
        for start in range(0, len(rows), AT_ONCE):
            some = rows[start : start + AT_ONCE]
            for row, said in zip(some, predicted(detector, some), strict=True):
                group = row.get("group") or group_of(row)
                words = len(row["text"].split())
                known = {"domain": row["domain"], "group": group, "words": words}
                found.append({**said, **known})
            advance(len(some))
    arms: dict[str, Floats] = {
        OURS: np.array([row["ai_probability"] for row in found]),
        **ngrams(model, lang, texts),
    }
    absent: dict[str, str] = {}
    for peer in (each for each in peers if each.lang == lang):
        with progress(f"{lang}: asking {peer.name}", len(rows)) as advance:
            try:
                arms[peer.name] = np.array(peer.scores(texts, memory, advance))
            except PeerFault as fault:
                absent[peer.name] = str(fault)
    features = {
        "length": np.array([float(len(text)) for text in texts]),
        "punctuation": np.array([punctuation(text) for text in texts]),
    }
    machines = [row["text"] for row in rows if row["label"] == "ai"]
    return Judged(lang, found, arms, features, tricked(detector, machines), absent)


def ngrams(model: Remembering, lang: str, texts: Sequence[str]) -> dict[str, Floats]:
    """The baseline: each n-gram arm on its own, without calibration."""
    language = Language(lang)
    normal = [normalise(text).text for text in texts]
    scores = model.ngrams[language].score(normal).astype(np.float64)
    specs = model.card.languages[language].ngrams
    return {f"n-grams, {spec.unit}": scores[:, k] for k, spec in enumerate(specs)}


def punctuation(text: str) -> float:
    """Marks of punctuation a character."""
    return len(PUNCTUATION.findall(text)) / max(len(text), 1)


def tricked(detector: Detector, machines: Sequence[str]) -> dict[str, float]:
    """Recall on some machine texts as they are, and under each trick."""
    some = random.Random(SEED).sample(machines, min(TRICKED, len(machines)))
    found = {}
    tried: dict[str, Trick] = {"plain": lambda text, _: text, **TRICKS}
    for name, trick in tried.items():
        texts = [trick(text, random.Random(k)) for k, text in enumerate(some)]
        called = 0
        for start in range(0, len(texts), AT_ONCE):
            said = detector.detect(texts[start : start + AT_ONCE])
            called += sum(each.verdict == "AI_GENERATED" for each in said)
        found[name] = called / max(len(texts), 1)
    return found
