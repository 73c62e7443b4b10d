"""The latest texts of an account as columns of numbers, oldest first."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import timedelta
from functools import cached_property
from itertools import compress
from typing import Self

import numpy as np
from numpy.typing import NDArray

from services.accounts.domain.activities import WRITINGS, ActivityType
from services.accounts.domain.arrays import Bools, Bytes, Floats, Ints, one_of, span
from services.accounts.domain.records import (
    DELETED,
    LOG_RATIO_SCALE,
    PRESENT,
    SKETCHED,
    TEXT,
    VERDICTS,
    model_key,
)

# 0: only the score of a text has arrived yet.
OWN_TEXT = one_of({0, ActivityType.EDIT, *WRITINGS})
_UNDECIDED = VERDICTS.index("UNDECIDED")


@dataclass(frozen=True)
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

    @classmethod
    def read(cls, packed: bytes, quarantined: Collection[str] = ()) -> Self:
        """Open the texts window; scores of *quarantined* models say nothing."""
        rows = np.frombuffer(packed, TEXT)
        deleted = rows["flags"] & DELETED
        if np.count_nonzero(deleted):
            rows = rows[deleted == 0]
        scored = rows["score_time"] != 0
        if quarantined:
            scored &= trusted(rows["model"], quarantined)
        ratio = rows["log_ratio"].astype(np.float64) / LOG_RATIO_SCALE
        scored &= (rows["verdict"] != _UNDECIDED) | (ratio != 0)
        return cls(
            rows["time"].astype(np.float64) / 1e6,
            tuple(rows["key"].tolist()),
            rows["flags"],
            np.where(rows["flags"] & PRESENT, rows["type"], np.uint8(0)),
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
        if np.count_nonzero(chosen) == len(self):
            return self
        keys = tuple(compress(self.key, chosen.tolist()))
        others = (getattr(self, name)[chosen] for name in _OTHER_TEXT_COLUMNS)
        return Texts(self.time[chosen], keys, *others)

    @cached_property
    def span(self) -> timedelta:
        """Time from the first to the last."""
        return span(self.time)

    @cached_property
    def worded(self) -> Bools:
        """Texts that have words."""
        found: Bools = self.template != 0
        return found

    @property
    def sketched(self) -> Bools:
        """Texts long enough for likeness to mean something."""
        found: Bools = self.flags & np.uint8(SKETCHED) != 0
        return found


_OTHER_TEXT_COLUMNS = tuple(field.name for field in fields(Texts))[2:]


def trusted(models: NDArray[np.void], quarantined: Collection[str]) -> Bools:
    """Which scores are not by a quarantined model."""
    barred = {model_key(digest) for digest in quarantined}
    found: Bools = np.array(
        [model.tobytes() not in barred for model in models], dtype=np.bool_
    )
    return found


NO_TEXTS = Texts.read(b"")
