"""Making a signal out of a value and what it rests on."""

from datetime import timedelta

from services.accounts.domain.evidence import Signal, SignalState
from services.accounts.domain.history import Floats


def spoken(code: str, value: float, support: int, times: Floats) -> Signal:
    """Signal that speaks, over the span of *times*."""
    return Signal(code, float(value), support, span(times), SignalState.OK)


def insufficient(code: str, support: int, times: Floats) -> Signal:
    """Signal with too little to go by."""
    return Signal(code, None, support, span(times), SignalState.INSUFFICIENT)


def not_applicable(code: str, support: int, times: Floats) -> Signal:
    """Signal that this kind of data cannot carry."""
    return Signal(code, None, support, span(times), SignalState.NOT_APPLICABLE)


def span(times: Floats) -> timedelta:
    """Time from the first to the last of sorted *times*, in whole seconds."""
    return timedelta(seconds=int(times[-1] - times[0]) if len(times) else 0)
