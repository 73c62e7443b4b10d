"""Whose account is it now? Credentials, device and rhythm change with owners."""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from services.accounts.domain.arrays import Floats
from services.accounts.domain.events import Events
from services.accounts.domain.history import History

TOGETHER_SECONDS = 72 * 3600
_RHYTHM_SECONDS = 28 * 86_400
_MIN_EVENTS = 20
_RHYTHM_P = 1e-3


@dataclass(frozen=True, slots=True)
class Epoch:
    """The current time of one owner: counted from 0, and since when (seconds)."""

    index: int
    start: float


def current_epoch(history: History) -> Epoch:
    """Epoch of the present owner.

    Credential and device changing within three days open one, unless the
    rhythm of the day is seen to go on as before: a person with a new phone.
    Counted among the latest six changes of each kind.
    """
    tallies = history.state.tallies
    index, start = 0, 0.0
    if not tallies.credentials[-1] or not tallies.devices[-1]:
        return Epoch(index, start)  # both are kept latest last
    for credential in tallies.credentials:
        for device in tallies.devices:
            if not credential or not device:
                continue
            moment = float(max(credential, device))
            together = abs(credential - device) <= TOGETHER_SECONDS
            later = moment - start > TOGETHER_SECONDS
            if together and later and not _goes_on(history.events, moment):
                index, start = index + 1, moment
    return Epoch(index, start)


def _goes_on(events: Events, moment: float) -> bool:
    """Rhythm of the day is known on both sides of *moment* and is the same."""
    near = np.abs(events.time - moment) <= _RHYTHM_SECONDS
    before = _hours(events.time[near & (events.time < moment)])
    after = _hours(events.time[near & (events.time >= moment)])
    if before.sum() < _MIN_EVENTS or after.sum() < _MIN_EVENTS:
        return False
    both = before + after
    kept = both > 0
    expected = np.outer(
        [before.sum() / both.sum(), after.sum() / both.sum()], both[kept]
    )
    seen = np.stack([before[kept], after[kept]])
    statistic = float(((seen - expected) ** 2 / expected).sum())
    return float(chdtrc(max(int(kept.sum()) - 1, 1), statistic)) >= _RHYTHM_P


def _hours(times: Floats) -> Floats:
    """Events by three-hour part of the day."""
    parts = (times // 10_800).astype(np.int64) % 8
    return np.bincount(parts, minlength=8).astype(np.float64)
