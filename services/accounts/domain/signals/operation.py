"""Which clients did it, where the platform says so."""

from services.accounts.domain.activities import Attestation, ClientKind
from services.accounts.domain.evidence import Signal
from services.accounts.domain.history import History
from services.accounts.domain.signals.made import not_applicable, spoken


def tool_share(history: History) -> Signal:
    """Share of acts with a known client that a hosting tool did, in [0, 1]."""
    events = history.events
    kinds = events.kind_counts
    known = len(events) - kinds[ClientKind.UNSPECIFIED]
    if known == 0:
        return not_applicable("TOOL_SHARE", 0, events.span)
    tools = kinds[ClientKind.HOSTING_TOOL]
    return spoken("TOOL_SHARE", tools / known, known, events.span)


def unattested_share(history: History) -> Signal:
    """Share of acts by apps whose attestation failed, of those tried, [0, 1]."""
    events = history.events
    states = events.attestation_counts
    tried = len(events) - states[Attestation.UNSPECIFIED]
    if tried == 0:
        return not_applicable("UNATTESTED_SHARE", 0, events.span)
    failed = states[Attestation.FAILED]
    return spoken("UNATTESTED_SHARE", failed / tried, tried, events.span)


def device_count(history: History) -> Signal:
    """Number of different devices among the latest events."""
    events = history.events
    devices = [device for device in events.device.tolist() if device]
    if not devices:
        return not_applicable("DEVICE_COUNT", 0, events.span)
    return spoken("DEVICE_COUNT", len(set(devices)), len(devices), events.span)
