"""Replies that come faster than anybody types."""

import numpy as np

from services.accounts.domain.evidence import Signal
from services.accounts.domain.history import INTERACTION, Bools, Events, History
from services.accounts.domain.signals.made import insufficient, not_applicable, spoken

MIN_REPLIES = 5
TYPED_CHARS_PER_SECOND = 12.0  # faster than the fastest typists sustain


def reply_latency(history: History) -> Signal:
    """Median seconds from the making of the target to the answer."""
    replies = timed_replies(history.events)
    if len(replies) == 0:
        return not_applicable("REPLY_LATENCY", 0, history.events.time)
    if len(replies) < MIN_REPLIES:
        return insufficient("REPLY_LATENCY", len(replies), replies.time)
    value = float(np.median(replies.latency))
    return spoken("REPLY_LATENCY", value, len(replies), replies.time)


def faster_than_typing(history: History) -> Signal:
    """Share of written answers that came sooner than they can be typed, [0, 1]."""
    replies = timed_replies(history.events)
    written = replies.where(replies.length > 0)
    if len(written) == 0:
        return not_applicable("FASTER_THAN_TYPING", 0, history.events.time)
    if len(written) < MIN_REPLIES:
        return insufficient("FASTER_THAN_TYPING", len(written), written.time)
    value = float(too_fast(written).mean())
    return spoken("FASTER_THAN_TYPING", value, len(written), written.time)


def timed_replies(events: Events) -> Events:
    """Interactions whose target has a time."""
    return events.where(~np.isnan(events.latency) & INTERACTION[events.type])


def too_fast(written: Events) -> Bools:
    """Which answers came sooner than their text can be typed."""
    return written.latency < written.length / TYPED_CHARS_PER_SECOND
