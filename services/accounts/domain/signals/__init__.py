"""Measurements of behaviour, each a named pure function with its reference.

A signal never guesses: below its support it is INSUFFICIENT, and where the data
cannot carry it (no reply times, coarse timestamps) it is NOT_APPLICABLE.
"""

from collections.abc import Callable

from services.accounts.domain.evidence import Signal
from services.accounts.domain.history import History
from services.accounts.domain.signals import (
    cadence,
    circadian,
    form,
    latency,
    mix,
    operation,
    templates,
    uniformity,
)

MEASURES: tuple[Callable[[History], Signal], ...] = (
    cadence.gap_variation,
    cadence.burstiness,
    cadence.memory,
    cadence.conditional_entropy,
    cadence.modal_gap_share,
    cadence.burst_share,
    uniformity.second_of_minute,
    uniformity.minute_of_hour,
    circadian.longest_quiet_run,
    circadian.quiet_share,
    circadian.active_hour_cover,
    circadian.hour_entropy,
    circadian.concentration,
    latency.reply_latency,
    latency.faster_than_typing,
    form.length_variation,
    form.length_spread,
    form.length_floor,
    form.hashtag_use,
    form.link_use,
    templates.exact_reuse,
    templates.near_reuse,
    templates.opening_reuse,
    templates.shape_reuse,
    mix.interaction_share,
    mix.type_entropy,
    operation.tool_share,
    operation.unattested_share,
    operation.device_count,
)


def measure(history: History) -> tuple[Signal, ...]:
    """Every signal of an account, in a fixed order."""
    return tuple(each(history) for each in MEASURES)
