"""The null: the same acts, had each account done them at other times."""

from dataclasses import dataclass

import numpy as np

from services.accounts.domain.coordination import grouping, matching
from services.accounts.domain.coordination.acts import (
    SECOND,
    Acts,
    Floats,
    Ints,
    Seen,
    Setting,
)
from services.accounts.domain.coordination.matching import Matches

_PARTNERS = 20  # with most matches, whose lags are counted
_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Null:
    """What chance gives: edges a replicate, and strengths of all, in order."""

    edge_count: float
    strengths: Floats

    def p_value(self, strength: float) -> float:
        """Share of shifted accounts that follow others at least so strongly."""
        least = strength * (1 - 1e-9)
        above = len(self.strengths) - int(np.searchsorted(self.strengths, least))
        return (1 + above) / (1 + len(self.strengths))


def null(seen: Seen, setting: Setting) -> Null:
    """Shift each account on its own, by minutes to hours, and search again.

    So short a shift leaves the hours of the day and of the news as they were.
    Texts have wider windows, and shifts that are wider in proportion.
    """
    random = np.random.default_rng(setting.seed)
    size, (low, high) = len(seen.accounts), setting.shift
    edge_count, strengths = 0, []
    for _ in range(setting.replicates):
        # Whole minutes, so that coarse timestamps meet as they did.
        minutes = random.integers(low // _MINUTE, high // _MINUTE + 1, size)
        signs = random.choice((-1, 1), size)
        moved = _moved(seen, minutes * signs * _MINUTE * SECOND, setting)
        matches = matching.matched(moved, setting)
        found = grouping.edges(moved, matches, setting)
        edge_count += len(found)
        kept = grouping.along(matches, found, size)
        strengths.append(grouping.followed(kept, size)[1])
    return Null(edge_count / setting.replicates, np.sort(np.concatenate(strengths)))


def lag_p(seen: Seen, kept: Matches, account: int, setting: Setting) -> float:
    """Share of lags at which *account* meets its partners as often as at none."""
    mine = kept.follower == account
    partners, matches = np.unique(kept.leader[mine], return_counts=True)
    partners = partners[np.argsort(-matches, kind="stable")][:_PARTNERS]
    bins: Ints = np.zeros(2 * setting.bins + 1, dtype=np.int64)
    for acts, window in (
        (seen.acts, setting.window),
        (matching.keyed_by_band(seen, 0), setting.text_window),
    ):
        theirs = [acts.by(int(partner)) for partner in partners]
        bins += _lags(acts.by(account), _together(theirs), window, setting.bins)
    others = int((bins >= bins[setting.bins]).sum()) - 1
    return (1 + others) / len(bins)


def _lags(ours: Acts, theirs: Acts, window: int, most: int) -> Ints:
    """Objects on which *ours* came so many windows after *theirs*, by lag."""
    theirs = theirs.where(np.argsort(theirs.object, kind="stable"))
    begin = np.searchsorted(theirs.object, ours.object, "left")
    counts = np.searchsorted(theirs.object, ours.object, "right") - begin
    mine = np.repeat(np.arange(len(ours)), counts)
    skipped = np.repeat(np.cumsum(counts) - counts, counts)
    other = np.repeat(begin, counts) + np.arange(len(mine)) - skipped
    lag = (ours.time[mine] - theirs.time[other]) // (window * SECOND)
    near = np.abs(lag) <= most
    cells = np.stack((ours.object[mine][near], lag[near] + most))
    once = np.unique(cells, axis=1)
    found: Ints = np.bincount(once[1], minlength=2 * most + 1)
    return found


def _together(parts: list[Acts]) -> Acts:
    return Acts(
        np.concatenate([part.account for part in parts]),
        np.concatenate([part.object for part in parts]),
        np.concatenate([part.time for part in parts]),
    )


def _moved(seen: Seen, shifts: Ints, setting: Setting) -> Seen:
    return Seen(
        seen.accounts,
        seen.events,
        seen.acts.shifted(shifts),
        seen.texts.shifted(shifts * setting.text_window // setting.window),
        seen.sketches,
        seen.devices,
        seen.networks,
    )
