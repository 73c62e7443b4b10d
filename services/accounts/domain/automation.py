"""Who runs the account, and who its interactions: a person, or automation?"""

from collections.abc import Mapping
from dataclasses import dataclass

from services.accounts.domain.channels import posterior
from services.accounts.domain.evidence import (
    Channel,
    ChannelKind,
    ChannelState,
    Signal,
)
from services.accounts.domain.history import History
from services.accounts.domain.strategies import CAP, Strategy, recognise

PRIOR = 0.02  # of accounts run by automation; a platform fits its own
INTERACTION_PRIOR = 0.02
_OPERATING = frozenset(
    {
        ChannelKind.STYLE,
        ChannelKind.TEMPLATE,
        ChannelKind.TEMPO,
        ChannelKind.OPERATION,
        ChannelKind.COORDINATION,
        ChannelKind.HUMAN,
    }
)


@dataclass(frozen=True, slots=True)
class Automation:
    """Posterior probability of automation and the channels that speak for it.

    `hard`: OPERATION facts are among them. `support` counts activities.
    """

    probability: float
    channels: tuple[ChannelKind, ...]
    hard: bool
    strategies: tuple[str, ...]
    support: int


def operation_posterior(channels: tuple[Channel, ...], support: int) -> Automation:
    """Is the account operated by automation?

    PROVENANCE is left out: a labelled text may be posted by hand. STYLE and
    TEMPLATE alone stay below .96, whatever they say.
    """
    operating = tuple(each for each in channels if each.kind in _OPERATING)
    return Automation(
        posterior(PRIOR, operating),
        speaking(operating),
        any(each.hard and each.kind is ChannelKind.OPERATION for each in channels),
        (),
        support,
    )


def interaction_posterior(
    history: History,
    signals: Mapping[str, Signal],
    operation: Channel,
    others: tuple[Channel, Channel],
) -> Automation:
    """Are comments, likes, follows and messages automated?

    *operation* is of interactions alone; *others* are HUMAN and COORDINATION.
    """
    human, coordination = others
    strategies = recognise(history, signals, coordination)
    evidence = [operation, human]
    evidence += [_as_channel(each) for each in strategies]
    codes = [each.code for each in strategies]
    if operation.hard:
        codes.insert(0, "TOOL_OPERATED")
    support = sum(
        count
        for kind, count in enumerate(history.state.tallies.types)
        if 2 <= kind <= 6
    )
    return Automation(
        posterior(INTERACTION_PRIOR, tuple(evidence)),
        speaking(tuple(evidence)),
        operation.hard,
        tuple(codes),
        support,
    )


def speaking(channels: tuple[Channel, ...]) -> tuple[ChannelKind, ...]:
    """Kinds that speak for automation, strongest first, each once."""
    loud = sorted(
        (each for each in channels if each.speaks_for),
        key=lambda each: -each.log_likelihood_ratio,
    )
    return tuple(dict.fromkeys(each.kind for each in loud))


_CHANNEL_OF = {
    "INSTANT_REPLY": ChannelKind.TEMPO,
    "TIMED_LIKE": ChannelKind.TEMPO,
    "TEMPLATE_COMMENT": ChannelKind.TEMPLATE,
    "COORDINATED_BURST": ChannelKind.COORDINATION,
}


def _as_channel(found: Strategy) -> Channel:
    return Channel(
        _CHANNEL_OF[found.code],
        ChannelState.SPEAKS,
        min(found.log_likelihood_ratio, CAP),
        found.support,
        (found.code,),
    )
