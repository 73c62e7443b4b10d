"""Cuts a text into passages short enough to judge one by one."""

import re
from typing import Final

from services.detector.domain.assessment import Language

SENTENCE_END: Final = re.compile("[.!?。;…][\"')\\]]*(?: |(?=[^\x00-\x7f]))|[。!?]")
# About as much as the encoder reads at once.
PASSAGE_CHARS: Final = {Language.ZH: 200, Language.EN: 520}
MAX_PASSAGES: Final = 64


def passages(text: str, language: Language) -> tuple[tuple[int, int], ...]:
    """Start and end of consecutive passages that cover normalised *text*.

    Passages end with sentences where there are any. There are never more than
    MAX_PASSAGES: the passages of a very long text are longer.
    """
    usual = PASSAGE_CHARS[language]
    size = max(usual, -(-len(text) // (MAX_PASSAGES // 2)))
    if len(text) <= size * 1.4:
        return ((0, len(text)),)
    cuts = [0]
    last_end = 0
    for match in SENTENCE_END.finditer(text):
        while match.end() - cuts[-1] > size:
            # A sentence of its own length is cut anywhere; else before it.
            fits = cuts[-1] < last_end <= cuts[-1] + size
            cuts.append(last_end if fits else cuts[-1] + size)
        last_end = match.end()
    while len(text) - cuts[-1] > size * 1.4:
        fits = cuts[-1] + size // 2 < last_end <= cuts[-1] + size
        cuts.append(last_end if fits else cuts[-1] + size)
    return tuple(zip(cuts, [*cuts[1:], len(text)], strict=True))


def sampled(count: int, most: int) -> tuple[int, ...]:
    """Indices of at most *most* of *count* passages, spread evenly."""
    if count <= most:
        return tuple(range(count))
    return tuple(round(k * (count - 1) / (most - 1)) for k in range(most))
