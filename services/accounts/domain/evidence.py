"""The words that evidence is given in: signals, channels, references."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum
from math import log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SPEAKS_FOR = log(3.0)  # a channel counts as speaking for automation from here


class SignalState(IntEnum):
    """Whether a signal can speak."""

    OK = 1
    INSUFFICIENT = 2
    NOT_APPLICABLE = 3


class ChannelKind(IntEnum):
    """Kinds of evidence that do not share a cause."""

    STYLE = 1
    TEMPLATE = 2
    TEMPO = 3
    OPERATION = 4
    COORDINATION = 5
    PROVENANCE = 6
    HUMAN = 7
    REPORTS = 8


class ChannelState(IntEnum):
    """Whether a channel speaks."""

    SPEAKS = 1
    ABSTAINS = 2


class Signal(NamedTuple):
    """One measurement over a window; `value` is None unless the state is OK."""

    code: str
    value: float | None
    support: int
    window: timedelta
    state: SignalState
    percentile: float | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """What one kind of evidence says.

    `log_likelihood_ratio` is natural and capped: positive speaks for AI or
    automation, negative for a person, 0 where the channel abstains. `hard`
    means facts asserted by the platform rather than statistics.
    """

    kind: ChannelKind
    state: ChannelState
    log_likelihood_ratio: float
    support: int
    reasons: tuple[str, ...] = ()
    hard: bool = False

    @property
    def speaks_for(self) -> bool:
        """Speaks for AI or automation by a likelihood ratio of 3 or more."""
        return self.log_likelihood_ratio >= SPEAKS_FOR


def abstaining(kind: ChannelKind, support: int, *reasons: str) -> Channel:
    """Channel of *kind* that says nothing, and why."""
    return Channel(kind, ChannelState.ABSTAINS, 0.0, support, reasons)


@dataclass(frozen=True, slots=True)
class Coordination:
    """What the coordination job found about one account, with its null.

    `matched_count` counts objects on which it acted after a partner.
    `p_value` is against shifting accounts in time; `cluster` names the group.
    `leads` marks the account whose acts the others copy: never implicated.
    """

    cluster: str
    matched_count: int
    partner_count: int
    event_count: int
    p_value: float
    leads: bool = False
    cluster_size: int = 0


@dataclass(frozen=True, slots=True)
class Cohorts:
    """Accounts on the most shared device and network of one account; 0 = none."""

    devices: int = 0
    networks: int = 0


@dataclass(frozen=True, slots=True)
class References:
    """What a profile takes from other accounts, attached when it is read.

    `quantiles` maps a signal code to its values in the platform's population
    at evenly spaced ranks from 0 to 1; empty arrays attach no percentile.
    """

    version: str = ""
    quantiles: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    coordination: Coordination | None = None
    cohorts: Cohorts = Cohorts()
    quarantined_models: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ReportSummary:
    """Reports against an account. Triage only: never a reason for a tier."""

    report_count: int = 0
    independent_count: int = 0
    weight: float = 0.0
    last_report_us: int = 0
