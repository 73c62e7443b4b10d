"""Measurements of behaviour, each a named pure function with its reference.

A signal never guesses: below its support it is INSUFFICIENT, and where the data
cannot carry it (no reply times, coarse timestamps) it is NOT_APPLICABLE.
"""

from collections.abc import Callable, Iterator, Mapping

from services.accounts.domain.evidence import References, Signal
from services.accounts.domain.history import History
from services.accounts.domain.percentiles import with_percentile
from services.accounts.domain.signals import (
    cadence,
    circadian,
    form,
    latency,
    mix,
    operation,
    punctuation,
    rhythm,
    templates,
    uniformity,
)

MEASURES: Mapping[str, Callable[[History], Signal]] = {
    "GAP_VARIATION": cadence.gap_variation,
    "BURSTINESS": cadence.burstiness,
    "MEMORY": cadence.memory,
    "CONDITIONAL_ENTROPY": cadence.conditional_entropy,
    "MODAL_GAP_SHARE": cadence.modal_gap_share,
    "BURST_SHARE": cadence.burst_share,
    "MEDIAN_GAP": rhythm.median_gap,
    "SHORT_GAP_SHARE": rhythm.short_gap_share,
    "QUICK_RETURN": rhythm.quick_return,
    "HOUR_CLUMPING": rhythm.hour_clumping,
    "ENTROPY_RATE": rhythm.entropy_rate,
    "NIGHT_REST": rhythm.night_rest,
    "SECOND_OF_MINUTE": uniformity.second_of_minute,
    "MINUTE_OF_HOUR": uniformity.minute_of_hour,
    "LONGEST_QUIET_RUN": circadian.longest_quiet_run,
    "QUIET_SHARE": circadian.quiet_share,
    "ACTIVE_HOUR_COVER": circadian.active_hour_cover,
    "HOUR_ENTROPY": circadian.hour_entropy,
    "HOUR_CONCENTRATION": circadian.concentration,
    "REPLY_LATENCY": latency.reply_latency,
    "FASTER_THAN_TYPING": latency.faster_than_typing,
    "LENGTH_VARIATION": form.length_variation,
    "LENGTH_SPREAD": form.length_spread,
    "LENGTH_FLOOR": form.length_floor,
    "HASHTAG_USE": form.hashtag_use,
    "LINK_USE": form.link_use,
    "STOP_SHARE": punctuation.stop_share,
    "ASK_SHARE": punctuation.ask_share,
    "SENTENCE_SHARE": punctuation.sentence_share,
    "SHORT_SHARE": punctuation.short_share,
    "EXACT_REUSE": templates.exact_reuse,
    "NEAR_REUSE": templates.near_reuse,
    "OPENING_REUSE": templates.opening_reuse,
    "SHAPE_REUSE": templates.shape_reuse,
    "INTERACTION_SHARE": mix.interaction_share,
    "TYPE_ENTROPY": mix.type_entropy,
    "TOOL_SHARE": operation.tool_share,
    "UNATTESTED_SHARE": operation.unattested_share,
    "DEVICE_COUNT": operation.device_count,
}


class Signals(Mapping[str, Signal]):
    """The signals of an account by code, in a fixed order.

    Each is measured when it is first asked for: judging an account takes few.
    """

    def __init__(self, history: History, references: References) -> None:
        self._history = history
        self._references = references
        self._measured: dict[str, Signal] = {}

    def __getitem__(self, code: str) -> Signal:
        """Return the signal of *code*; raise KeyError where there is none."""
        known = self._measured.get(code)
        if known is None:
            measured = MEASURES[code](self._history)
            known = self._measured[code] = with_percentile(measured, self._references)
        return known

    def __iter__(self) -> Iterator[str]:
        """Go through the codes."""
        return iter(MEASURES)

    def __len__(self) -> int:
        """Count them."""
        return len(MEASURES)


def measure(history: History) -> tuple[Signal, ...]:
    """Every signal of an account, in a fixed order."""
    return tuple(each(history) for each in MEASURES.values())
