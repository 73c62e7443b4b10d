"""Which clients did it, where the platform says so."""

import numpy as np

from services.accounts.domain.activities import Attestation, ClientKind
from services.accounts.domain.evidence import Signal
from services.accounts.domain.history import History
from services.accounts.domain.records import attestations, client_kinds
from services.accounts.domain.signals.made import not_applicable, spoken


def tool_share(history: History) -> Signal:
    """Share of acts with a known client that a hosting tool did, in [0, 1]."""
    events = history.events
    kinds = client_kinds(events.published)
    known = int((kinds != ClientKind.UNSPECIFIED).sum())
    if known == 0:
        return not_applicable("TOOL_SHARE", 0, events.time)
    tools = int((kinds == ClientKind.HOSTING_TOOL).sum())
    return spoken("TOOL_SHARE", tools / known, known, events.time)


def unattested_share(history: History) -> Signal:
    """Share of acts by apps whose attestation failed, of those tried, [0, 1]."""
    events = history.events
    states = attestations(events.published)
    tried = int((states != Attestation.UNSPECIFIED).sum())
    if tried == 0:
        return not_applicable("UNATTESTED_SHARE", 0, events.time)
    failed = int((states == Attestation.FAILED).sum())
    return spoken("UNATTESTED_SHARE", failed / tried, tried, events.time)


def device_count(history: History) -> Signal:
    """Number of different devices among the latest events."""
    events = history.events
    devices = events.device[events.device != 0]
    if len(devices) == 0:
        return not_applicable("DEVICE_COUNT", 0, events.time)
    return spoken("DEVICE_COUNT", len(np.unique(devices)), len(devices), events.time)
