"""The outer form of texts: how even their lengths are, what they carry along."""

from services.accounts.domain.evidence import Signal
from services.accounts.domain.history import MIN_LENGTHS, History
from services.accounts.domain.moments import count, deviation, mean, quantile
from services.accounts.domain.signals.made import insufficient, spoken

MIN_TEXTS = 8


def length_variation(history: History) -> Signal:
    """Coefficient of variation of text lengths; even lengths are a generator's."""
    lengths, window = history.lengths
    if len(lengths) < MIN_LENGTHS:
        return insufficient("LENGTH_VARIATION", len(lengths), window)
    value = deviation(lengths) / mean(lengths)
    return spoken("LENGTH_VARIATION", value, len(lengths), window)


def length_spread(history: History) -> Signal:
    """Interquartile range of text lengths over their median: blind to outliers."""
    lengths, window = history.lengths
    if len(lengths) < MIN_LENGTHS:
        return insufficient("LENGTH_SPREAD", len(lengths), window)
    ordered = sorted(lengths.tolist())
    low, middle, high = (quantile(ordered, rank) for rank in (0.25, 0.5, 0.75))
    return spoken("LENGTH_SPREAD", (high - low) / middle, len(lengths), window)


def length_floor(history: History) -> Signal:
    """Tenth percentile of text lengths over their median: people also say "ok"."""
    lengths, window = history.lengths
    if len(lengths) < MIN_LENGTHS:
        return insufficient("LENGTH_FLOOR", len(lengths), window)
    ordered = sorted(lengths.tolist())
    value = quantile(ordered, 0.1) / quantile(ordered, 0.5)
    return spoken("LENGTH_FLOOR", value, len(lengths), window)


def hashtag_use(history: History) -> Signal:
    """Mean hashtags a text, up to 15. A habit of platforms: in no channel."""
    texts = history.texts
    shapes = texts.shape[texts.worded]
    n = len(shapes)
    if n < MIN_TEXTS:
        return insufficient("HASHTAG_USE", n, texts.span)
    return spoken("HASHTAG_USE", int((shapes & 15).sum()) / n, n, texts.span)


def link_use(history: History) -> Signal:
    """Share of texts with a link. A habit of platforms: in no channel."""
    texts = history.texts
    shapes = texts.shape[texts.worded]
    n = len(shapes)
    if n < MIN_TEXTS:
        return insufficient("LINK_USE", n, texts.span)
    return spoken("LINK_USE", count(shapes >> 4 & 3) / n, n, texts.span)
