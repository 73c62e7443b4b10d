"""Making a signal out of a value and what it rests on."""

from datetime import timedelta

from services.accounts.domain.evidence import Signal, SignalState


def spoken(code: str, value: float, support: int, window: timedelta) -> Signal:
    """Signal that speaks, over *window*."""
    return Signal(code, float(value), support, window, SignalState.OK)


def insufficient(code: str, support: int, window: timedelta) -> Signal:
    """Signal with too little to go by."""
    return Signal(code, None, support, window, SignalState.INSUFFICIENT)


def not_applicable(code: str, support: int, window: timedelta) -> Signal:
    """Signal that this kind of data cannot carry."""
    return Signal(code, None, support, window, SignalState.NOT_APPLICABLE)
