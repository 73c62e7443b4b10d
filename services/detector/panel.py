"""The models that are loaded: one whose word counts, and those beside it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import structlog

from services.detector.domain.assessment import Assessment

log = structlog.get_logger()


class Stage(StrEnum):
    """What a model is used for."""

    LIVE = "LIVE"
    SHADOW = "SHADOW"


class Assessor(Protocol):
    """Assesses texts; `detect.Detector` is the one in use."""

    def detect(self, texts: Sequence[str]) -> list[Assessment]:
        """Return an assessment for each of *texts*, in order."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model in memory, and what its card says about it."""

    digest: str
    version: str
    stage: Stage
    languages: tuple[str, ...]
    card_json: str
    load_time: datetime
    assessor: Assessor


@dataclass(frozen=True, slots=True)
class Finding:
    """What the live model says of a text, and what the shadows would have."""

    assessment: Assessment
    shadows: tuple[Assessment, ...] = ()


class Panel:
    """Asks the live model, then the shadows, about the same texts."""

    def __init__(
        self,
        live: LoadedModel,
        shadows: Sequence[LoadedModel] = (),
        watch: Callable[[Assessment], None] = lambda _: None,
    ) -> None:
        """Let *watch* see what the live model says."""
        self.models = (live, *shadows)
        self._live = live
        self._shadows = tuple(shadows)
        self._watch = watch

    def detect(self, texts: Sequence[str]) -> list[Finding]:
        """Return a finding for each of *texts*. Raises what the live model raises."""
        assessments = self._live.assessor.detect(texts)
        for assessment in assessments:
            self._watch(assessment)
        said = [found for model in self._shadows if (found := _try(model, texts))]
        return [
            Finding(assessment, tuple(found[i] for found in said))
            for i, assessment in enumerate(assessments)
        ]


def _try(shadow: LoadedModel, texts: Sequence[str]) -> list[Assessment]:
    """Ask *shadow*; nothing it does wrong may reach the caller."""
    try:
        found = shadow.assessor.detect(texts)
        return [one for one, _ in zip(found, texts, strict=True)]
    except Exception:
        log.exception("shadow failed", model=shadow.digest, texts=len(texts))
        return []
