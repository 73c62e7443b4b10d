"""Tells whether a text is of the kind the calibration was made on.

A detector asked about a price list or a page of code answers something; that
answer means nothing. The limits come with the model: what all but a few of
the calibration texts stay within.
"""

import re
from dataclasses import dataclass
from typing import Final

from services.detector.domain.assessment import Language

LETTER: Final = re.compile("[a-z\u00df-\u024f\u3400-\u9fff\U00020000-\U0002ffff]")
SAMPLE: Final = 2000


@dataclass(frozen=True, slots=True)
class Limits:
    """The range of calibration texts of one language."""

    least_letters: float  # share of letters among non-spaces
    least_variety: float  # share of distinct pairs of characters, see below
    longest_word: float  # mean letters of a word; English only


def is_familiar(text: str, language: Language, limits: Limits) -> bool:
    """Whether normalised *text* looks like prose of *language*."""
    sample = text[:SAMPLE]
    if letter_share(sample) < limits.least_letters:
        return False
    if variety(sample) < limits.least_variety:
        return False
    return language is not Language.EN or word_length(sample) <= limits.longest_word


def letter_share(text: str) -> float:
    """Letters among the characters that are not spaces; 0 for no characters."""
    solid = len(text) - text.count(" ")
    return len(LETTER.findall(text)) / solid if solid else 0.0


def variety(text: str) -> float:
    """Distinct character pairs in the first 200 characters, as a share of all."""
    head = text[:200]
    pairs = len(head) - 1
    return len({head[i : i + 2] for i in range(pairs)}) / pairs if pairs > 0 else 0.0


def word_length(text: str) -> float:
    """Mean characters between spaces."""
    words = text.split()
    return sum(map(len, words)) / len(words) if words else 0.0
