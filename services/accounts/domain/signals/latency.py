"""Replies that come faster than anybody types."""

from services.accounts.domain.arrays import Bools
from services.accounts.domain.events import Events
from services.accounts.domain.evidence import Signal
from services.accounts.domain.history import History
from services.accounts.domain.moments import count, quantile
from services.accounts.domain.signals.made import insufficient, not_applicable, spoken

MIN_REPLIES = 5
TYPED_CHARS_PER_SECOND = 12.0  # faster than the fastest typists sustain


def reply_latency(history: History) -> Signal:
    """Median seconds from the making of the target to the answer."""
    replies = history.events.timed_replies
    n = len(replies)
    if n == 0:
        return not_applicable("REPLY_LATENCY", 0, history.events.span)
    if n < MIN_REPLIES:
        return insufficient("REPLY_LATENCY", n, replies.span)
    value = quantile(sorted(replies.latency.tolist()), 0.5)
    return spoken("REPLY_LATENCY", value, n, replies.span)


def faster_than_typing(history: History) -> Signal:
    """Share of written answers that came sooner than they can be typed, [0, 1]."""
    written = written_replies(history.events)
    n = len(written)
    if n == 0:
        return not_applicable("FASTER_THAN_TYPING", 0, history.events.span)
    if n < MIN_REPLIES:
        return insufficient("FASTER_THAN_TYPING", n, written.span)
    value = count(too_fast(written)) / n
    return spoken("FASTER_THAN_TYPING", value, n, written.span)


def written_replies(events: Events) -> Events:
    """Timed replies that have a text."""
    replies = events.timed_replies
    return replies.where(replies.length > 0) if len(replies) else replies


def too_fast(written: Events) -> Bools:
    """Which answers came sooner than their text can be typed."""
    return written.latency < written.length / TYPED_CHARS_PER_SECOND
