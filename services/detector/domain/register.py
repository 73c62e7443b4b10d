"""How personally a text speaks: the register of posts, not of articles.

Formal prose of people is what a detector most often takes for a machine's. A
text that says "I" and "you" is compared with people who do so too, which
spares the authors of reports a bar that is set for posts, and the reverse.
"""

import re
from typing import Final

from services.detector.domain.assessment import Language

WORD: Final = re.compile(r"[a-z]+(?:'[a-z]+)*")
ENGLISH: Final = re.compile(
    r"(?:i|me|my|mine|you|your|yours|u|ur|we|us|our|ya|lol|lmao|omg|yeah|yep|nope|hey"
    r"|wow|ok|okay|gonna|wanna|gotta|kinda|idk|tbh|imo|btw|haha\w*|[a-z]+'(?:m|re|ve|ll|d|t))"
)
CHINESE: Final = re.compile("[我你您咱俺啊呀吧呢吗嘛哦噢哈嘿唉诶啦咯喔哇哎]")
SAMPLE: Final = 2000


def personal_share(text: str, language: Language) -> float:
    """Words (zh: characters) of normalised *text* that speak to or of a person."""
    sample = text[:SAMPLE]
    if language is Language.ZH:
        return len(CHINESE.findall(sample)) / max(len(sample), 1)
    words = WORD.findall(sample)
    personal = sum(ENGLISH.fullmatch(word) is not None for word in words)
    return personal / max(len(words), 1)
