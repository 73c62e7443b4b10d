"""Pairs that match often enough, what each of them followed, and clusters."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from services.accounts.domain.coordination.acts import (
    Bools,
    Floats,
    Ints,
    Seen,
    Setting,
)
from services.accounts.domain.coordination.matching import Matches, is_text
from services.accounts.domain.fingerprints import likeness

_LATEST_TEXTS = 48  # of an account, compared with those of another
_NAME_BYTES = 8


@dataclass(frozen=True, slots=True)
class Edges:
    """Pairs of accounts that act together, the lower number on the left."""

    left: Ints
    right: Ints

    def __len__(self) -> int:
        """Count the pairs."""
        return len(self.left)

    def where(self, chosen: Bools) -> "Edges":
        """Only the *chosen* pairs."""
        return Edges(self.left[chosen], self.right[chosen])


def edges(seen: Seen, matches: Matches, setting: Setting) -> Edges:
    """Pairs with enough objects, on enough days or with a text in common."""
    pair = _pair(matches.leader, matches.follower, len(seen.accounts))
    pairs, objects = _distinct(pair, matches.object)
    _, days = _distinct(pair, matches.day)
    often = objects >= setting.min_objects
    pairs, days = pairs[often], days[often]
    wrote = np.isin(pairs, pair[is_text(matches.object)])
    left, right = np.divmod(pairs, max(len(seen.accounts), 1))
    enough = (days >= setting.min_days) | wrote
    enough[~enough] = _shared_texts(seen, left[~enough], right[~enough], setting)
    return Edges(left, right).where(enough)


def along(matches: Matches, found: Edges, accounts: int) -> Matches:
    """Only matches between accounts of one of the edges *found*."""
    pair = _pair(matches.leader, matches.follower, accounts)
    return matches.where(np.isin(pair, found.left * accounts + found.right))


def followed(matches: Matches, accounts: int) -> tuple[Ints, Floats]:
    """Objects each account followed others on, and the sum of their weights."""
    order = np.lexsort((-matches.weight, matches.object, matches.follower))
    by, of = matches.follower[order], matches.object[order]
    best = np.ones(len(order), dtype=np.bool_)
    best[1:] = (by[1:] != by[:-1]) | (of[1:] != of[:-1])
    weights = matches.weight[order][best]
    counts: Ints = np.bincount(by[best], minlength=accounts)
    sums = np.bincount(by[best], weights, minlength=accounts).astype(np.float64)
    return counts, sums


def components(found: Edges, accounts: int) -> Ints:
    """Single linkage: the number of each account's component."""
    ones = np.ones(len(found), dtype=np.int8)
    shape = (accounts, accounts)
    graph = coo_array((ones, (found.left, found.right)), shape=shape)
    labels: Ints = connected_components(graph, directed=False)[1].astype(np.int64)
    return labels


def named(
    clusters: Iterable[Sequence[str]], before: Mapping[str, str]
) -> dict[str, str]:
    """Name of the cluster of each member.

    A cluster keeps the name that half of its members had in *before*, unless a
    larger one took it; a new name is a hash of its members.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for members in sorted(clusters, key=lambda each: (-len(each), min(each))):
        votes: dict[str, int] = {}
        for member in members:
            if old := before.get(member):
                votes[old] = votes.get(old, 0) + 1
        free = sorted((-n, old) for old, n in votes.items() if old not in taken)
        body = "\n".join(sorted(members)).encode()
        fresh = blake2b(body, digest_size=_NAME_BYTES).hexdigest()
        most = free[0] if free else (0, "")
        name = most[1] if -2 * most[0] >= len(members) else fresh
        taken.add(name)
        names |= dict.fromkeys(members, name)
    return names


def _shared_texts(seen: Seen, left: Ints, right: Ints, setting: Setting) -> Bools:
    """Which pairs wrote nearly the same, whenever that was."""
    found: Bools = np.zeros(len(left), dtype=np.bool_)
    if not len(left):
        return found

    def latest(account: int) -> NDArray[np.uint8]:
        return seen.sketches[seen.texts.by(account).object[-_LATEST_TEXTS:]]

    for place, (one, other) in enumerate(zip(left, right, strict=True)):
        ours, theirs = latest(int(one)), latest(int(other))
        if len(ours) and len(theirs):
            alike = likeness(ours[:, None], theirs[None, :])
            found[place] = bool(alike.max() >= setting.likeness)
    return found


def _pair(one: Ints, other: Ints, accounts: int) -> Ints:
    pair: Ints = np.minimum(one, other) * accounts + np.maximum(one, other)
    return pair


def _distinct(keys: Ints, values: Ints) -> tuple[Ints, Ints]:
    """Each key in order, and how many different values it has."""
    order = np.lexsort((values, keys))
    by, value = keys[order], values[order]
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = (by[1:] != by[:-1]) | (value[1:] != value[:-1])
    unique, counts = np.unique(by[first], return_counts=True)
    return unique, counts.astype(np.int64)
