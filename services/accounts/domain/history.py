"""A profile state opened for reading: columns of numbers, oldest first."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from services.accounts.domain.activities import (
    ACCOUNT_UPKEEP,
    INTERACTIONS,
    WRITINGS,
    ActivityType,
)
from services.accounts.domain.records import (
    DELETED,
    EVENT,
    LOG_RATIO_SCALE,
    NO_LATENCY,
    PRESENT,
    SKETCHED,
    TEXT,
    VERDICTS,
    VOICE,
    model_key,
)
from services.accounts.domain.state import ProfileState

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]


def one_of(types: Collection[int]) -> Bools:
    """Table by activity type (also 0) that says which are among *types*."""
    table: Bools = np.zeros(256, dtype=np.bool_)
    table[list(types)] = True
    return table


_UPKEEP = one_of(ACCOUNT_UPKEEP)


@dataclass(frozen=True, slots=True)
class Events:
    """The latest events, without upkeep such as logins. Times in seconds."""

    time: Floats
    time_us: Ints
    type: Bytes
    published: Bytes
    composed: Bytes
    length: Ints
    latency: Floats  # seconds; NaN where not known
    device: Ints
    target: Ints

    def __len__(self) -> int:
        """Count the events."""
        return len(self.time)

    @classmethod
    def read(cls, packed: bytes) -> Self:
        """Open the events window of a state."""
        rows = np.frombuffer(packed, EVENT)
        rows = rows[~_UPKEEP[rows["type"]]]
        time_us = rows["time"].astype(np.int64)
        latency = rows["latency"].astype(np.float64) / 100
        latency[rows["latency"] == NO_LATENCY] = np.nan
        return cls(
            time_us / 1e6,
            time_us,
            rows["type"],
            rows["published"],
            rows["composed"],
            rows["length"].astype(np.int64),
            latency,
            rows["device"].astype(np.int64),
            rows["target"].astype(np.int64),
        )

    def where(self, chosen: Bools) -> "Events":
        """Only the *chosen* events."""
        return Events(
            self.time[chosen],
            self.time_us[chosen],
            self.type[chosen],
            self.published[chosen],
            self.composed[chosen],
            self.length[chosen],
            self.latency[chosen],
            self.device[chosen],
            self.target[chosen],
        )


@dataclass(frozen=True, slots=True)
class Texts:
    """The latest versions of the latest texts; deleted ones are left out.

    A text of which only a score has arrived has type 0.
    """

    time: Floats
    key: tuple[bytes, ...]
    flags: Bytes
    type: Bytes
    label: Bytes
    kind: Bytes
    composed: Bytes
    published: Bytes
    length: Ints
    shape: Ints
    template: Ints
    opening: Ints
    sketch: Bytes
    scored: Bools
    log_ratio: Floats  # 0 where not scored
    verdict: Bytes  # index into records.VERDICTS
    chars: Ints

    def __len__(self) -> int:
        """Count the texts."""
        return len(self.time)

    @property
    def sketched(self) -> Bools:
        """Texts long enough for likeness to mean something."""
        found: Bools = self.flags & np.uint8(SKETCHED) != 0
        return found

    @classmethod
    def read(cls, packed: bytes, quarantined: Collection[str] = ()) -> Self:
        """Open the texts window; scores of *quarantined* models say nothing."""
        rows = np.frombuffer(packed, TEXT)
        rows = rows[rows["flags"] & DELETED == 0]
        scored = rows["score_time"] != 0
        scored &= _trusted(rows["model"], quarantined)
        undecided = rows["verdict"] == VERDICTS.index("UNDECIDED")
        ratio = rows["log_ratio"].astype(np.float64) / LOG_RATIO_SCALE
        scored = scored & ~(undecided & (ratio == 0))
        return cls(
            rows["time"].astype(np.float64) / 1e6,
            tuple(bytes(key) for key in rows["key"]),
            rows["flags"],
            np.where(rows["flags"] & PRESENT, rows["type"], 0).astype(np.uint8),
            rows["label"],
            rows["kind"],
            rows["composed"],
            rows["published"],
            rows["length"].astype(np.int64),
            rows["shape"].astype(np.int64),
            rows["template"].astype(np.int64),
            rows["opening"].astype(np.int64),
            rows["sketch"],
            scored,
            np.where(scored, ratio, 0.0),
            rows["verdict"],
            rows["chars"].astype(np.int64),
        )

    def where(self, chosen: Bools) -> "Texts":
        """Only the *chosen* texts."""
        return Texts(
            self.time[chosen],
            tuple(key for key, keep in zip(self.key, chosen, strict=True) if keep),
            self.flags[chosen],
            self.type[chosen],
            self.label[chosen],
            self.kind[chosen],
            self.composed[chosen],
            self.published[chosen],
            self.length[chosen],
            self.shape[chosen],
            self.template[chosen],
            self.opening[chosen],
            self.sketch[chosen],
            self.scored[chosen],
            self.log_ratio[chosen],
            self.verdict[chosen],
            self.chars[chosen],
        )


@dataclass(frozen=True, slots=True)
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
        voices = voices[_trusted(voices["model"], quarantined)]
        return cls(
            Events.read(state.events),
            Texts.read(state.texts, quarantined),
            voices["log_ratio"].astype(np.float64) / LOG_RATIO_SCALE,
            state,
        )


def _trusted(models: NDArray[np.void], quarantined: Collection[str]) -> Bools:
    """Which scores are not by a quarantined model."""
    if not quarantined:
        everything: Bools = np.ones(len(models), dtype=np.bool_)
        return everything
    barred = {model_key(digest) for digest in quarantined}
    trusted: Bools = np.array(
        [model.tobytes() not in barred for model in models], dtype=np.bool_
    )
    return trusted


# 0: only the score of a text has arrived yet.
OWN_TEXT = one_of({0, ActivityType.EDIT, *WRITINGS})
INTERACTION = one_of(INTERACTIONS)
