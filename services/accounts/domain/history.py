"""A profile state opened for reading."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Self

import numpy as np

from services.accounts.domain.arrays import Floats
from services.accounts.domain.events import Events
from services.accounts.domain.records import LOG_RATIO_SCALE, VOICE
from services.accounts.domain.state import ProfileState
from services.accounts.domain.texts import NO_TEXTS, Texts, trusted

MIN_LENGTHS = 8


@dataclass(frozen=True)
class History:
    """All that signals and channels read."""

    events: Events
    texts: Texts
    voice_ratios: Floats  # log ratios of scored texts from before models
    state: ProfileState

    @classmethod
    def open(cls, state: ProfileState, quarantined: Collection[str] = ()) -> Self:
        """Open *state*; scores of *quarantined* models say nothing."""
        voices = np.frombuffer(state.voices, VOICE)
        if quarantined:
            voices = voices[trusted(voices["model"], quarantined)]
        texts = Texts.read(state.texts, quarantined) if state.texts else NO_TEXTS
        return cls(
            Events.read(state.events),
            texts,
            voices["log_ratio"].astype(np.float64) / LOG_RATIO_SCALE,
            state,
        )

    @cached_property
    def lengths(self) -> tuple[Floats, timedelta]:
        """Lengths of texts, or of events where only lengths are known; their span."""
        texts, events = self.texts, self.events
        known = texts.length[texts.length > 0]
        if len(known) >= MIN_LENGTHS:
            return known.astype(np.float64), texts.span
        return events.length[events.length > 0].astype(np.float64), events.span
