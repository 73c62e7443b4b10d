"""What comes of it: a finding for each account that acts with others."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from services.accounts.domain.coordination import grouping, matching, shifting
from services.accounts.domain.coordination.acts import (
    SHIPPED,
    Acts,
    Bools,
    Ints,
    Seen,
    Setting,
)
from services.accounts.domain.coordination.grouping import Edges
from services.accounts.domain.evidence import Cohorts, Coordination


@dataclass(frozen=True, slots=True)
class Summary:
    """What a search saw. `null_edge_count` is the mean over time-shifted copies."""

    account_count: int
    act_count: int
    edge_count: int
    null_edge_count: float
    cluster_count: int = 0

    @property
    def ratio(self) -> float:
        """Edges for each edge that chance would give."""
        return self.edge_count / max(self.null_edge_count, 1e-9)


@dataclass(frozen=True, slots=True)
class _Involved:
    """By account number: who follows others for sure, and whom others copy."""

    follows: Bools
    leads: Bools
    counts: Ints
    p_values: Mapping[int, float]


def search(
    seen: Seen, before: Mapping[str, str], setting: Setting = SHIPPED
) -> tuple[dict[str, Coordination], Summary]:
    """Findings by account; *before* gives the names of clusters so far.

    Where chance explains more than one edge in `min_ratio`, nobody is
    implicated.
    """
    found, involved, summary = _judged(seen, setting)
    if involved is None:
        return {}, summary
    size = len(seen.accounts)
    labels = grouping.components(found, size)
    names = grouping.named(_clusters(seen, labels, involved.follows), before)
    sizes: dict[str, int] = {}
    for name in names.values():
        sizes[name] = sizes.get(name, 0) + 1
    ends = np.concatenate((found.left, found.right))
    partners = np.bincount(ends, minlength=size)
    findings = {}
    for number in _numbers(involved.follows | involved.leads):
        account = seen.accounts[number]
        cluster = names.get(account, "")
        findings[account] = Coordination(
            cluster,
            int(involved.counts[number]),
            int(partners[number]),
            int(seen.events[number]),
            involved.p_values.get(number, 1.0),
            leads=bool(involved.leads[number]),
            cluster_size=sizes.get(cluster, 0),
        )
    counted = len(sizes)
    return findings, Summary(
        summary.account_count,
        summary.act_count,
        summary.edge_count,
        summary.null_edge_count,
        counted,
    )


def cohorts(seen: Seen, setting: Setting = SHIPPED) -> dict[str, Cohorts]:
    """Accounts that share a device or network with others, and with how many."""
    devices = _largest(seen.devices, len(seen.accounts), setting)
    networks = _largest(seen.networks, len(seen.accounts), setting)
    return {
        seen.accounts[number]: Cohorts(int(devices[number]), int(networks[number]))
        for number in _numbers((devices > 1) | (networks > 1))
    }


def _judged(seen: Seen, setting: Setting) -> tuple[Edges, _Involved | None, Summary]:
    """Edges between accounts that stand against the null, and what each did."""
    size = len(seen.accounts)
    matches = matching.matched(seen, setting)
    found = grouping.edges(seen, matches, setting)
    null = shifting.null(seen, setting)
    summary = Summary(size, len(seen.acts), len(found), null.edge_count)
    if not len(found) or summary.ratio < setting.min_ratio:
        return found, None, summary
    kept = grouping.along(matches, found, size)
    counts, strengths = grouping.followed(kept, size)
    inside = np.zeros(size, dtype=np.bool_)
    inside[found.left] = inside[found.right] = True
    leads = inside & (counts < setting.min_objects)
    p_values = {
        int(number): max(
            shifting.lag_p(seen, kept, number, setting),
            null.p_value(float(strengths[number])),
        )
        for number in _numbers(inside & ~leads)
    }
    follows = np.zeros(size, dtype=np.bool_)
    follows[[n for n, p in p_values.items() if p <= setting.max_p]] = True
    sure = follows | leads
    found = found.where(sure[found.left] & sure[found.right])
    linked = np.zeros(size, dtype=np.bool_)
    linked[found.left] = linked[found.right] = True
    involved = _Involved(follows & linked, leads & linked, counts, p_values)
    return found, involved, summary


def _numbers(chosen: Bools) -> list[int]:
    return [int(number) for number in np.flatnonzero(chosen)]


def _clusters(seen: Seen, labels: Ints, follows: Bools) -> list[list[str]]:
    """Followers by component, where there are two or more."""
    groups: dict[int, list[str]] = {}
    for number in _numbers(follows):
        groups.setdefault(int(labels[number]), []).append(seen.accounts[number])
    return [members for members in groups.values() if len(members) > 1]


def _largest(acts: Acts, size: int, setting: Setting) -> Ints:
    """Most accounts on one thing that each account is on; crowds say nothing."""
    largest: Ints = np.zeros(size, dtype=np.int64)
    if len(acts):
        crowd = matching.actors(acts)
        crowd = np.where(crowd <= setting.max_actors, crowd, 0)
        np.maximum.at(largest, acts.account, crowd)
    return largest
