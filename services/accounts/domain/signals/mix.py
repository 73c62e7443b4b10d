"""What an account does with its time: make, or interact."""

import numpy as np

from services.accounts.domain.activities import ActivityType
from services.accounts.domain.evidence import Signal
from services.accounts.domain.history import History
from services.accounts.domain.moments import total
from services.accounts.domain.signals.made import insufficient, not_applicable, spoken

MIN_EVENTS = 8


def interaction_share(history: History) -> Signal:
    """Posterior mean share of interactions among notes and interactions.

    Jeffreys prior Beta(.5, .5), in [0, 1].
    """
    events = history.events
    acts = len(events.interactions)
    whole = acts + events.type_counts[ActivityType.NOTE]
    if whole == 0:
        return not_applicable("INTERACTION_SHARE", 0, events.span)
    if whole < MIN_EVENTS:
        return insufficient("INTERACTION_SHARE", whole, events.span)
    share = (acts + 0.5) / (whole + 1)
    return spoken("INTERACTION_SHARE", share, whole, events.span)


def type_entropy(history: History) -> Signal:
    """Entropy of kinds of activity in nats; 0 = one kind only."""
    events = history.events
    if len(events) < MIN_EVENTS:
        return insufficient("TYPE_ENTROPY", len(events), events.span)
    kinds = [n / len(events) for n in events.type_counts if n]
    shares = np.array(kinds)
    value = -total(shares * np.log(shares))
    return spoken("TYPE_ENTROPY", value, len(events), events.span)
