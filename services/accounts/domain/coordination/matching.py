"""Who did what shortly after whom: windows over each object, never over pairs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.accounts.domain.coordination.acts import (
    DAY,
    SECOND,
    Acts,
    Bools,
    Floats,
    Ints,
    Seen,
    Setting,
)
from services.accounts.domain.fingerprints import likeness

_BANDS = 4  # of 16 slots each: near-copies (J > .9) meet in one of them mostly
_TEXTS = np.int64(1) << np.int64(62)  # keeps texts apart from other objects


@dataclass(frozen=True, slots=True)
class Matches:
    """Acts that came at most a window after another account's on one object.

    `weight` is 1 at no lag and falls with it, times the object's rarity.
    """

    leader: Ints
    follower: Ints
    object: Ints
    day: Ints
    weight: Floats

    def where(self, chosen: Bools) -> "Matches":
        """Only the *chosen* matches."""
        return Matches(
            self.leader[chosen],
            self.follower[chosen],
            self.object[chosen],
            self.day[chosen],
            self.weight[chosen],
        )


def matched(seen: Seen, setting: Setting) -> Matches:
    """Matches of acts and of texts."""
    return _joined(_by_object(seen, setting), _by_text(seen, setting))


def is_text(objects: Ints) -> Bools:
    """Which *objects* of matches are texts."""
    found: Bools = objects >= _TEXTS
    return found


def keyed_by_band(seen: Seen, band: int) -> Acts:
    """Texts with a band of their sketch as the object: copies agree in it."""
    texts = seen.texts
    return Acts(texts.account, _bands(seen, texts)[:, band], texts.time)


def actors(acts: Acts) -> Ints:
    """How many accounts acted on the object of each act."""
    _, objects = np.unique(acts.object, return_inverse=True)
    order = np.lexsort((acts.account, objects))
    account, ordered = acts.account[order], objects[order]
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = (account[1:] != account[:-1]) | (ordered[1:] != ordered[:-1])
    counts: Ints = np.bincount(ordered[first], minlength=1)
    return counts[objects]


def _bands(seen: Seen, texts: Acts) -> Ints:
    bands = seen.sketches[texts.object].view(np.uint32)
    found: Ints = bands.reshape(-1, _BANDS).astype(np.int64)
    return found


def _by_object(seen: Seen, setting: Setting) -> Matches:
    crowd = actors(seen.acts)
    usable = (crowd > 1) & (crowd <= setting.max_actors)
    acts, crowd = seen.acts.where(usable), crowd[usable]
    order = np.lexsort((acts.time, acts.object))
    acts, crowd = acts.where(order), crowd[order]
    first, later = _neighbours(acts, setting.window * SECOND, setting.neighbours)
    rarity = np.log((len(seen.accounts) + 1) / crowd[later])
    return _matches(acts, first, later, acts.object[later], setting.window, rarity)


def _by_text(seen: Seen, setting: Setting) -> Matches:
    """Near-copies: sketches that agree in a band, and then by their likeness."""
    window = setting.text_window
    crowd = actors(keyed_by_band(seen, 0))
    texts = seen.texts.where(crowd <= setting.max_actors)
    bands = _bands(seen, texts)
    firsts, laters = [], []
    for band in range(_BANDS):
        keyed = Acts(texts.account, bands[:, band], texts.time)
        order = np.lexsort((keyed.time, keyed.object))
        first, later = _neighbours(
            keyed.where(order), window * SECOND, setting.neighbours
        )
        firsts.append(order[first])
        laters.append(order[later])
    pairs = np.unique(
        np.concatenate(firsts) * np.int64(len(texts)) + np.concatenate(laters)
    )
    first, later = np.divmod(pairs, max(len(texts), 1))
    left, right = texts.object[first], texts.object[later]
    alike = likeness(seen.sketches[left], seen.sketches[right]) >= setting.likeness
    first, later = first[alike], later[alike]
    rarity = np.full(len(first), np.log(len(seen.accounts) + 1))
    objects = texts.object[later] + _TEXTS
    return _matches(texts, first, later, objects, window, rarity)


def _neighbours(
    acts: Acts, window: int, most: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs of places in sorted *acts*: same object, other account, in the window."""
    firsts = [np.zeros(0, dtype=np.intp)]
    laters = [np.zeros(0, dtype=np.intp)]
    at = np.arange(len(acts))
    for ahead in range(1, most + 1):
        at = at[at + ahead < len(acts)]
        after = at + ahead
        near = acts.object[at] == acts.object[after]
        near &= acts.time[after] - acts.time[at] <= window
        at, after = at[near], after[near]
        if not len(at):
            break
        other = acts.account[at] != acts.account[after]
        firsts.append(at[other])
        laters.append(after[other])
    return np.concatenate(firsts), np.concatenate(laters)


def _matches(  # noqa: PLR0917 -- columns of one table
    acts: Acts,
    first: NDArray[np.intp],
    later: NDArray[np.intp],
    objects: Ints,
    window: int,
    rarity: Floats,
) -> Matches:
    lag = acts.time[later] - acts.time[first]
    weight = rarity * np.exp(-lag / (window * SECOND))
    leader, follower = acts.account[first], acts.account[later]
    found = Matches(leader, follower, objects, acts.time[later] // DAY, weight)
    together = lag == 0
    back = Matches(follower, leader, objects, found.day, weight).where(together)
    return _joined(found, back)


def _joined(one: Matches, other: Matches) -> Matches:
    return Matches(
        np.concatenate((one.leader, other.leader)),
        np.concatenate((one.follower, other.follower)),
        np.concatenate((one.object, other.object)),
        np.concatenate((one.day, other.day)),
        np.concatenate((one.weight, other.weight)),
    )
