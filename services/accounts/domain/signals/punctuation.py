"""Do texts end, ask and go on as written prose does, or as people talk in passing?

Shares of texts, read from the shape of a fingerprint: no language is needed.
"""

from services.accounts.domain.evidence import Signal
from services.accounts.domain.history import History
from services.accounts.domain.moments import count
from services.accounts.domain.signals.made import insufficient, spoken

MIN_TEXTS = 8
_STOP, _ASK, _SENTENCES = 1 << 12, 1 << 14, 1 << 15


def stop_share(history: History) -> Signal:
    """Share of texts that end with a stop, in [0, 1]; emoji may follow it."""
    return _share(history, "STOP_SHARE", _STOP)


def ask_share(history: History) -> Signal:
    """Share of texts that ask or exclaim, in [0, 1]."""
    return _share(history, "ASK_SHARE", _ASK)


def sentence_share(history: History) -> Signal:
    """Share of texts with two sentences or more, in [0, 1]."""
    return _share(history, "SENTENCE_SHARE", _SENTENCES)


def short_share(history: History) -> Signal:
    """Share of texts under six words, in [0, 1]: people also say "ok"."""
    texts = history.texts
    n = count(texts.worded)
    if n < MIN_TEXTS:
        return insufficient("SHORT_SHARE", n, texts.span)
    value = count(texts.worded & ~texts.sketched) / n
    return spoken("SHORT_SHARE", value, n, texts.span)


def _share(history: History, code: str, bit: int) -> Signal:
    texts = history.texts
    shapes = texts.shape[texts.worded]
    n = len(shapes)
    if n < MIN_TEXTS:
        return insufficient(code, n, texts.span)
    return spoken(code, count(shapes & bit) / n, n, texts.span)
