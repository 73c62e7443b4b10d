"""What the detector needs of a model: its arms, its encoder and its card."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from services.detector.domain.assessment import Language
from services.detector.domain.card import Card


class Arms(Protocol):
    """Cheap arms: they score normalised texts."""

    def score(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """A row a text, a raw score without unit an arm."""
        ...


class Skimmed(Protocol):
    """What an encoder knows of a text after its first layers."""

    @property
    def machine(self) -> float:
        """Raw score of machine against person."""
        ...


class Encoder(Protocol):
    """Reads normalised texts in two steps, so that clear ones cost less."""

    def skim(self, texts: Sequence[str]) -> Sequence[Skimmed]:
        """Read the first layers."""
        ...

    def read(self, skimmed: Sequence[Any]) -> NDArray[np.float32]:
        """Read on: machine-against-person and polish-against-person, a text."""
        ...


class Scorers(Protocol):
    """What the detector needs of a model."""

    @property
    def card(self) -> Card:
        """How the model judges."""
        ...

    @property
    def raw_card(self) -> Mapping[str, Any]:
        """The card as shipped."""
        ...

    @property
    def digest(self) -> str:
        """SHA-256 over all of the model."""
        ...

    @property
    def ngrams(self) -> Mapping[Language, Arms]:
        """The cheap arms of each language."""
        ...

    @property
    def encoder(self) -> Encoder | None:
        """The encoder, if there is one."""
        ...

    def identify(self, text: str) -> tuple[str, float]:
        """Most likely language and its probability."""
        ...
