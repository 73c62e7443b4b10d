"""The outer form of texts: how even their lengths are, what they carry along."""

import numpy as np

from services.accounts.domain.evidence import Signal
from services.accounts.domain.history import Floats, History
from services.accounts.domain.signals.made import insufficient, spoken

MIN_TEXTS = 8


def length_variation(history: History) -> Signal:
    """Coefficient of variation of text lengths; even lengths are a generator's."""
    lengths, times = _lengths(history)
    if len(lengths) < MIN_TEXTS:
        return insufficient("LENGTH_VARIATION", len(lengths), times)
    value = lengths.std() / lengths.mean()
    return spoken("LENGTH_VARIATION", value, len(lengths), times)


def length_spread(history: History) -> Signal:
    """Interquartile range of text lengths over their median: blind to outliers."""
    lengths, times = _lengths(history)
    if len(lengths) < MIN_TEXTS:
        return insufficient("LENGTH_SPREAD", len(lengths), times)
    low, middle, high = np.quantile(lengths, (0.25, 0.5, 0.75))
    return spoken("LENGTH_SPREAD", (high - low) / middle, len(lengths), times)


def length_floor(history: History) -> Signal:
    """Tenth percentile of text lengths over their median: people also say "ok"."""
    lengths, times = _lengths(history)
    if len(lengths) < MIN_TEXTS:
        return insufficient("LENGTH_FLOOR", len(lengths), times)
    low, middle = np.quantile(lengths, (0.1, 0.5))
    return spoken("LENGTH_FLOOR", low / middle, len(lengths), times)


def hashtag_use(history: History) -> Signal:
    """Mean hashtags a text, up to 15. A habit of platforms: in no channel."""
    texts = history.texts
    shapes = texts.shape[texts.template != 0]
    if len(shapes) < MIN_TEXTS:
        return insufficient("HASHTAG_USE", len(shapes), texts.time)
    return spoken("HASHTAG_USE", (shapes & 15).mean(), len(shapes), texts.time)


def link_use(history: History) -> Signal:
    """Share of texts with a link. A habit of platforms: in no channel."""
    texts = history.texts
    shapes = texts.shape[texts.template != 0]
    if len(shapes) < MIN_TEXTS:
        return insufficient("LINK_USE", len(shapes), texts.time)
    return spoken("LINK_USE", (shapes >> 4 & 3 > 0).mean(), len(shapes), texts.time)


def _lengths(history: History) -> tuple[Floats, Floats]:
    """Lengths of texts, or of events where only lengths are known."""
    texts, events = history.texts, history.events
    known = texts.length[texts.length > 0]
    if len(known) >= MIN_TEXTS:
        return known.astype(np.float64), texts.time
    lengths = events.length[events.length > 0]
    return lengths.astype(np.float64), events.time
