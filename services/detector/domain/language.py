"""Decides whether a text is Chinese, English, or something to abstain from."""

import re
from collections.abc import Callable
from typing import Final

from services.detector.domain.assessment import Language

# Names the most likely language of a text (ISO 639 code) and how likely.
Identifier = Callable[[str], tuple[str, float]]

HAN: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002ffff]")
KANA: Final = re.compile("[\u3041-\u3096\u30a1-\u30fa]")
LATIN_WORD: Final = re.compile(r"[a-z]+(?:'[a-z]+)?")
ACCENTED: Final = re.compile("[\u00df-\u00f6\u00f8-\u024f\u1e00-\u1eff]")
# Characters that neither simplified nor traditional Chinese uses.
SHINJITAI: Final = re.compile(
    "[円広売読駅図働込畑峠桜沢浜渋黒歩毎気斎様発変続経関対戦実験単価検労営覚観歓"
    "権顕県転伝両悪応団囲圧壊懐拠挙払闘軽査暁栄塩穏仮拡楽帰亀拝廃髪抜]"
)
OTHER_LETTER: Final = re.compile(
    "[\u0370-\u03ff\u0400-\u052f\u0530-\u1fff\u1100-\u11ff\ua000-\uabff\uac00-\ud7a3]"
)

# Words that hold an English sentence together. "a" and
# "me" are left out: they are also common in French, Spanish and Pinyin.
ENGLISH: Final = frozenset(
    re.findall(
        r"[a-z']+",
        """
        the and of to is it that was for with this are be as at have has had not but
        they you your his her she he we my from or by an if so what when who how why
        there their them then than would could should will can can't don't i'm it's
        i've you're that's didn't doesn't isn't just about like get got all been were
        which more some any out up into over after before because very really only
        also even still people know think want need good great never always every
        these those our us do does did its i in on
        """,
    )
)
ENGLISH_ENOUGH: Final = 0.22  # common words that overrule an unsure identifier
ENGLISH_SURE: Final = 0.6  # an identifier this sure needs no common word
ENGLISH_LIKELY: Final = 0.3
ENGLISH_TRACE: Final = 0.08
FOREIGN_SURE: Final = 0.8
# Sampled rather than read whole: a megabyte is one language as a kilobyte is.
SAMPLE: Final = 600


def language_of(text: str, identify: Identifier) -> Language:
    """Tell the language of normalised *text*; *identify* settles Latin script."""
    sample = text[:SAMPLE]
    han, kana = len(HAN.findall(sample)), len(KANA.findall(sample))
    words = LATIN_WORD.findall(sample)
    other = len(OTHER_LETTER.findall(sample))
    japanese = kana + len(SHINJITAI.findall(sample))
    # A Chinese post may borrow a の; Japanese cannot do without kana for long.
    if japanese > 2 and japanese > 0.08 * (han + kana):
        return Language.OTHER
    if other > han + 3 * len(words):
        return Language.OTHER
    if han and han >= 0.6 * len(words):
        return Language.ZH
    return _latin(sample, words, identify)


def _latin(sample: str, words: list[str], identify: Identifier) -> Language:
    if not words:
        return Language.OTHER
    common = sum(word in ENGLISH for word in words) / len(words)
    if len(ACCENTED.findall(sample)) > 0.03 * sum(map(len, words)):
        return Language.OTHER
    name, likely = identify(" ".join(words))
    if name == "en":
        sure = likely >= ENGLISH_SURE
        hinted = likely >= ENGLISH_LIKELY and common >= ENGLISH_TRACE
        english = sure or hinted or common >= ENGLISH_ENOUGH
    else:
        english = common >= ENGLISH_ENOUGH and likely < FOREIGN_SURE
    return Language.EN if english else Language.OTHER
