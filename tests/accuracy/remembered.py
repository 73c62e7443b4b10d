"""A model that never scores the same text twice: raw scores are kept in a file.

Arms are told apart by the bytes of their weights, so a new calibration finds
every score of the old one, and a run that was cut short goes on where it was.
Detectors judge by a `Remembering` as by the model itself: the cascade asks for
as much as it would when serving.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from services.detector.domain.assessment import Language
from services.detector.domain.card import Card
from services.detector.model import ENCODER, TOKENIZER, Model, ngram_file
from services.detector.scorers import Arms, Encoder, Skimmed

Row = tuple[float, ...]
KEPT_AFTER: Final = 500  # scores; what a cut costs at most


class Memory:
    """Scores by scorer and text, in an SQLite file."""

    def __init__(self, path: Path) -> None:
        """Open *path*, making it where there is none."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._rows = sqlite3.connect(path)
        self._rows.execute(
            "CREATE TABLE IF NOT EXISTS scores (scorer TEXT, text BLOB, scores BLOB,"
            " PRIMARY KEY (scorer, text)) WITHOUT ROWID"
        )
        self._unkept = 0

    def recall(self, scorer: str, text: str) -> Row | None:
        """What *scorer* said of *text*, or None where it was never asked."""
        found = self._rows.execute(
            "SELECT scores FROM scores WHERE scorer = ? AND text = ?",
            (scorer, _name(text)),
        ).fetchone()
        return tuple(np.frombuffer(found[0], np.float64).tolist()) if found else None

    def keep(self, scorer: str, said: Iterable[tuple[str, Row]]) -> None:
        """Remember what *scorer* said of some texts."""
        rows = [(scorer, _name(t), np.array(s, np.float64).tobytes()) for t, s in said]
        self._rows.executemany("INSERT OR REPLACE INTO scores VALUES (?, ?, ?)", rows)
        self._unkept += len(rows)
        if self._unkept >= KEPT_AFTER:
            self._commit()

    def asked(
        self,
        scorer: str,
        texts: Sequence[str],
        ask: Callable[[Sequence[str]], Iterable[Row]],
    ) -> list[Row]:
        """Scores of *texts*, asking only about those that are not remembered."""
        found = [self.recall(scorer, text) for text in texts]
        new = [t for t, f in zip(texts, found, strict=True) if f is None]
        if new:
            said = list(zip(new, ask(new), strict=True))
            self.keep(scorer, said)
            fresh = iter(row for _, row in said)
            found = [next(fresh) if f is None else f for f in found]
        return [row for row in found if row is not None]

    def close(self) -> None:
        """Write what is not written yet."""
        self._commit()
        self._rows.close()

    def __enter__(self) -> Self:
        """Nothing more to do: it is open."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it, whatever happened."""
        self.close()

    def _commit(self) -> None:
        self._rows.commit()
        self._unkept = 0


@dataclass(frozen=True, slots=True)
class Half:
    """A text after the first layers; read again from the start where need be."""

    text: str
    machine: float
    states: Skimmed | None  # what the encoder itself knows, unless remembered


class RememberingArms:
    """Cheap arms of one language."""

    def __init__(self, arms: Arms, name: str, memory: Memory) -> None:
        """Keep under *name* what *arms* say."""
        self._arms, self._name, self._memory = arms, name, memory

    def score(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """A row a text, a raw score an arm."""
        rows = self._memory.asked(
            self._name, texts, lambda new: map(tuple, self._arms.score(new).tolist())
        )
        return np.array(rows, np.float32)


class RememberingEncoder:
    """An encoder, each of its two steps."""

    def __init__(self, encoder: Encoder, name: str, memory: Memory) -> None:
        """Keep under *name* what *encoder* says."""
        self._encoder, self._memory = encoder, memory
        self._early, self._full = f"{name} early", f"{name} full"

    def skim(self, texts: Sequence[str]) -> list[Half]:
        """Read the first layers."""
        return [self._skim(text) for text in texts]

    def read(self, skimmed: Sequence[Half]) -> NDArray[np.float32]:
        """Read on to the end."""
        rows = [self._read(one) for one in skimmed]
        return np.array(rows, np.float32).reshape(len(skimmed), 2)

    def _skim(self, text: str) -> Half:
        known = self._memory.recall(self._early, text)
        if known:
            return Half(text, known[0], None)
        (states,) = self._encoder.skim([text])
        self._memory.keep(self._early, [(text, (states.machine,))])
        return Half(text, states.machine, states)

    def _read(self, one: Half) -> Row:
        known = self._memory.recall(self._full, one.text)
        if known:
            return known
        states = one.states or self._encoder.skim([one.text])[0]
        row = tuple(self._encoder.read([states])[0].tolist())
        self._memory.keep(self._full, [(one.text, row)])
        return row


class Remembering:
    """A model directory whose raw scores are kept in *memory*."""

    def __init__(self, directory: Path, memory: Memory) -> None:
        """Load *directory*; ModelFault as `Model` raises it."""
        self._model = Model(directory)
        tokenizer = directory / TOKENIZER
        self.ngrams: Mapping[Language, Arms] = {
            language: RememberingArms(
                arms,
                named(
                    f"ngrams {language}",
                    tokenizer,
                    *(
                        directory / ngram_file(spec.unit, language)
                        for spec in self.card.languages[language].ngrams
                    ),
                ),
                memory,
            )
            for language, arms in self._model.ngrams.items()
        }
        self.encoder: Encoder | None = None
        if self._model.encoder is not None:
            files = [directory / name for name in ENCODER]
            name = named("encoder", tokenizer, *files)
            self.encoder = RememberingEncoder(self._model.encoder, name, memory)

    @property
    def card(self) -> Card:
        """How the model judges."""
        return self._model.card

    @property
    def raw_card(self) -> Mapping[str, Any]:
        """The card as shipped."""
        return self._model.raw_card

    @property
    def digest(self) -> str:
        """SHA-256 over all of the model."""
        return self._model.digest

    def identify(self, text: str) -> tuple[str, float]:
        """Most likely language and its probability."""
        return self._model.identify(text)


def named(kind: str, *files: Path) -> str:
    """A name for what *files* hold: other bytes, another name."""
    total = hashlib.sha256()
    for path in files:
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return f"{kind} {total.hexdigest()[:16]}"


def _name(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf8", "surrogatepass")).digest()[:16]
