"""What a writer can do to a text without changing a word, and one that does.

Each trick takes a text and a source of chance. `SPACES_IN_WORDS` is the one that
readers see as well, and that normalisation cannot undo.
"""

import random
from collections.abc import Callable, Mapping
from typing import Final

Trick = Callable[[str, random.Random], str]

LOOK_ALIKES: Final = str.maketrans("aeocpxyi", "аеосрхуі")
SMILES: Final = "😀🔥"
SPACES: Final = "\u2003\u2009\u00a0"
SPACES_IN_WORDS: Final = "a space inside every fifth word"


def zero_width(text: str, chance: random.Random) -> str:
    """Put a mark that nobody sees after a fifth of the characters."""
    return _after(text, "\u200b", 0.2, chance)


def look_alikes(text: str, chance: random.Random) -> str:
    """Replace a third of the Latin letters that have a Cyrillic twin."""
    return "".join(
        c.translate(LOOK_ALIKES) if chance.random() < 0.3 else c for c in text
    )


def odd_spaces(text: str, chance: random.Random) -> str:
    """Replace spaces by one to three other spaces."""
    return "".join(
        chance.choice(SPACES) * chance.randint(1, 3) if c == " " else c for c in text
    )


def odd_case(text: str, chance: random.Random) -> str:
    """Write a third of the letters large."""
    return "".join(c.upper() if chance.random() < 0.3 else c for c in text)


def emoji_between(text: str, chance: random.Random) -> str:
    """Put emoji after a seventh of the words, in zh after punctuation."""
    return "".join(
        f"{c}{SMILES} " if c in " ,.!?,。!?" and chance.random() < 0.15 else c
        for c in text
    )


def emoji_inside(text: str, chance: random.Random) -> str:
    """Put emoji after one character in 25, inside words as well."""
    return _after(text, SMILES, 0.04, chance)


def markdown(text: str, chance: random.Random) -> str:
    """Make a heading of the beginning and an item of each sentence."""
    return "# " + text.replace(". ", ".\n\n- **").replace("。", "。\n\n- **")


def spaces_in_words(text: str, chance: random.Random) -> str:
    """Put a space after one character in twenty."""
    return _after(text, " ", 0.05, chance)


TRICKS: Final[Mapping[str, Trick]] = {
    "zero-width marks": zero_width,
    "look-alike letters": look_alikes,
    "odd spaces between words": odd_spaces,
    "odd case": odd_case,
    "emoji between words": emoji_between,
    "emoji inside words": emoji_inside,
    "markdown": markdown,
    SPACES_IN_WORDS: spaces_in_words,
}


def _after(text: str, mark: str, share: float, chance: random.Random) -> str:
    return "".join(c + mark if chance.random() < share else c for c in text)
