"""Tables of characters that look like others, or like nothing at all."""

import re
import unicodedata
from typing import Final

ZERO_WIDTH: Final = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2064"
    "\u206a-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]+"
)
BIDI: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
# NBSP and the ideographic space are what keyboards and editors produce.
ODD_SPACE: Final = re.compile("[\u1680\u2000-\u200a\u2028\u2029\u202f\u205f]+")
# Letters that exist to be decoration: 𝓽𝓱𝓲𝓼, ⓣⓗⓘⓢ.
STYLED: Final = re.compile("[\u24b6-\u24e9\U0001d400-\U0001d7ff\U0001f110-\U0001f189]+")
_PICTURE = (
    "\u2139\u231a-\u23ff\u25aa-\u25fe\u2600-\u27bf\u2b00-\u2bff\u3030\u303d\u3297\u3299"
    "\U0001f000-\U0001f10f\U0001f18a-\U0001fbff"
)
EMOJI: Final = re.compile(
    f"(?:[0-9#*]\ufe0f?\u20e3|[{_PICTURE}][{_PICTURE}\u200d\ufe0f\u20e3"
    "\U000e0020-\U000e007f]*)(?: ?[" + _PICTURE + "\u200d\ufe0f])*"
)

_LOOK_ALIKES: Final = {
    "абвеіјкорсухһԁԛѕԝүпгтмн": "abbeijkopcyxhdqswynrtmh",
    "АВЕЅІЈКМНОРСТУХԌԚԜҮ": "ABESIJKMHOPCTYXGQWY",
    "αορνυικτχωγηβε": "aopvuiktxwynbe",
    "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ": "ABEZHIKMNOPTYX",
    "օսԁցոհյ": "ouugnhj",
    "ᎪᏴᏟᎠᎬᎻᎥᎫᏦᏞᎷᎡᏚᎢᏙᎳᏃ": "ABCDEHIJKLMRSTVWZ",
}
HOMOGLYPHS: Final = {
    ord(twin): plain
    for twins, plains in _LOOK_ALIKES.items()
    for twin, plain in zip(twins, plains, strict=True)
}

_PUNCTUATION: Final = {
    "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "「": '"', "」": '"',
    "『": '"', "』": '"', "‘": "'", "’": "'", "‚": "'", "`": "'", "´": "'",
    "–": "-", "—": "-", "―": "-", "‐": "-", "‑": "-", "‒": "-", "−": "-",
    "─": "-", "•": "·", "・": "·", "‧": "·", "∙": "·",
}  # fmt: skip


def _single_character_forms() -> dict[int, str]:
    """NFKC where it maps one character to one, and one form per quote and dash."""
    forms: dict[int, str] = {}
    for code in (
        *range(0x80, 0x3400),
        *range(0xF900, 0x10000),
        *range(0x1D400, 0x1D800),
    ):
        plain = unicodedata.normalize("NFKC", chr(code))
        if len(plain) == 1 and plain != chr(code):
            forms[code] = plain
    # Spacing accents unfold to a space and a mark; nobody means the space.
    return forms | {ord(odd): plain for odd, plain in _PUNCTUATION.items()}


SINGLE_CHARACTER_FORMS: Final = _single_character_forms()
