"""What an account does with its time: make, or interact."""

import numpy as np

from services.accounts.domain.activities import ActivityType
from services.accounts.domain.evidence import Signal
from services.accounts.domain.history import INTERACTION, History
from services.accounts.domain.signals.made import insufficient, not_applicable, spoken

MIN_EVENTS = 8


def interaction_share(history: History) -> Signal:
    """Posterior mean share of interactions among notes and interactions.

    Jeffreys prior Beta(.5, .5), in [0, 1].
    """
    events = history.events
    acts = int(INTERACTION[events.type].sum())
    notes = int((events.type == ActivityType.NOTE).sum())
    total = acts + notes
    if total == 0:
        return not_applicable("INTERACTION_SHARE", 0, events.time)
    if total < MIN_EVENTS:
        return insufficient("INTERACTION_SHARE", total, events.time)
    return spoken("INTERACTION_SHARE", (acts + 0.5) / (total + 1), total, events.time)


def type_entropy(history: History) -> Signal:
    """Entropy of kinds of activity in nats; 0 = one kind only."""
    events = history.events
    if len(events) < MIN_EVENTS:
        return insufficient("TYPE_ENTROPY", len(events), events.time)
    shares = np.bincount(events.type) / len(events)
    shares = shares[shares > 0]
    value = float(-(shares * np.log(shares)).sum())
    return spoken("TYPE_ENTROPY", value, len(events), events.time)
