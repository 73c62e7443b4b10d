"""The latest events of an account as columns of numbers, oldest first.

What several signals read is worked out once, when the first of them asks.
"""

from dataclasses import dataclass, fields
from datetime import timedelta
from functools import cached_property
from typing import Self

import numpy as np

from services.accounts.domain.activities import (
    ACCOUNT_UPKEEP,
    INTERACTIONS,
    ActivityType,
)
from services.accounts.domain.arrays import (
    Bools,
    Bytes,
    Floats,
    Ints,
    counts,
    one_of,
    span,
)
from services.accounts.domain.records import (
    EVENT,
    NO_LATENCY,
    attestations,
    client_kinds,
    input_modes,
)
from services.accounts.domain.resolution import resolution_seconds

_TYPES = max(ActivityType) + 1
_UPKEEP = one_of(ACCOUNT_UPKEEP)
_INTERACTION = one_of(INTERACTIONS)


@dataclass(frozen=True)
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
        upkeep = _UPKEEP[rows["type"]]
        if np.count_nonzero(upkeep):
            rows = rows[~upkeep]
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
        if np.count_nonzero(chosen) == len(self):
            return self
        return Events(*(getattr(self, name)[chosen] for name in _EVENT_COLUMNS))

    @cached_property
    def span(self) -> timedelta:
        """Time from the first to the last."""
        return span(self.time)

    @cached_property
    def resolution(self) -> float:
        """Seconds on whose multiples all of them fall."""
        return resolution_seconds(self.time_us)

    @cached_property
    def gaps(self) -> Floats:
        """Seconds between neighbours."""
        return self.time[1:] - self.time[:-1]

    @cached_property
    def kind_counts(self) -> list[int]:
        """How many were published by each `ClientKind`."""
        return counts(client_kinds(self.published), 8)

    @cached_property
    def attestation_counts(self) -> list[int]:
        """How many were published with each `Attestation`."""
        return counts(attestations(self.published), 4)

    @cached_property
    def input_counts(self) -> list[int]:
        """How many were composed with each `InputMode`."""
        return counts(input_modes(self.composed), 8)

    @cached_property
    def type_counts(self) -> list[int]:
        """How many there are of each `ActivityType`."""
        return counts(self.type, _TYPES)

    @cached_property
    def interactions(self) -> "Events":
        """Comments, likes, follows and messages among them."""
        return self.where(_INTERACTION[self.type])

    @cached_property
    def timed_replies(self) -> "Events":
        """Interactions whose target has a time."""
        acts = self.interactions
        timed = ~np.isnan(acts.latency)
        return acts.where(timed) if np.count_nonzero(timed) else NO_EVENTS


_EVENT_COLUMNS = tuple(field.name for field in fields(Events))
NO_EVENTS = Events.read(b"")
