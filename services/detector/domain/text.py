"""Normalises a document, the same way in training and in serving.

What a writer can change without changing a word (invisible marks, look-alike
letters, spacing, case, emoji, markdown) is removed before any model reads the
text, so that such changes cannot move the verdict. Removing them is reported.
"""

import html
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.detector.domain.glyphs import (
    BIDI,
    EMOJI,
    HOMOGLYPHS,
    ODD_SPACE,
    SINGLE_CHARACTER_FORMS,
    STYLED,
    ZERO_WIDTH,
)


@dataclass(frozen=True, slots=True)
class EvasionMark:
    """A trick found in a text: a stable *code* and how many places carry it."""

    code: str
    count: int


@dataclass(frozen=True, slots=True)
class Normalised:
    """What the models read, and the way back to what was submitted.

    `origins[i]` is the offset, in code points of the original, of the
    character that normalised character *i* came from; it never decreases.
    """

    text: str
    origins: NDArray[np.int64]
    original_length: int
    marks: tuple[EvasionMark, ...]

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the original that normalised characters start..end cover."""
        size = len(self.text)
        first = int(self.origins[start]) if start < size else self.original_length
        last = int(self.origins[end]) if end < size else self.original_length
        return first, last


Replacement = Callable[[re.Match[str]], str]

SURROGATES = re.compile("[\ud800-\udfff]+")
CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]+")
ENTITY = re.compile(r"&(?:[a-zA-Z]{2,8}|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")
CODE_POINT_NOTE = re.compile(r"<U\+([0-9A-Fa-f]{4,6})>")
CLUSTER = re.compile(
    "[^\x00-\x7f][\u0300-\u036f\u3099\u309a]*|[a-zA-Z][\u0300-\u036f]+"
)
WORD = re.compile(r"[^\W\d_]+")
WORD_EMOJI = re.compile(f"(?<=[a-z])(?:{EMOJI.pattern})(?=[a-z])")
FOREIGN = re.compile("[\u0370-\u03ff\u0400-\u052f\u0531-\u0587\u13a0-\u13ff]")
LATIN = re.compile("[A-Za-z]")

PREFACE = re.compile(
    r"\s*(?:here(?:'s|’s| is| are)\b[^\n:]{0,140}:|(?:sure|certainly)[,!][^\n:]{0,140}:"
    r"|\[assistant\]:|title:|(?:以下是|下面是|好的,|当然)[^\n:。]{0,60}:)\s*",
    re.IGNORECASE,
)
LINE_MARK = re.compile(r"^[ \t]{0,8}(?:#{1,6}|[-*•>])[ \t]+", re.MULTILINE)
LINK = re.compile(r"\[([^\[\]\n]{1,200})\]\([^()\s]{1,500}\)")
EMPHASIS = re.compile(r"\*\*|__|`{3}")
URL = re.compile(r"(?:https?://|www\.)[\x21-\x7e]+")
MENTION = re.compile(r"@[\w.\-]{1,40}")
TOPIC = re.compile(r"#[^#\s]{1,40}#")
EDGE_SPACE = re.compile(r"^ | $")
GROWING = re.compile("\u0130")  # İ, the only letter whose lower case is longer
WHITESPACE = re.compile(r"\s{2,}|[^\S ]")
HAN_SPACE = re.compile(
    "(?<=[\u3000-\u303f\u4e00-\u9fff]) +| +(?=[\u3000-\u303f\u4e00-\u9fff])"
)
BEFORE_PUNCTUATION = re.compile(r" (?=[,.!?;:%)\]])")
AFTER_BRACKET = re.compile(r"(?<=[(\[$]) ")
CLITIC = re.compile(r" ?' ?(s|m|t|re|ve|ll|d)\b", re.IGNORECASE)
DOUBLED_QUOTE = re.compile(r"``|''")
SPACED_LETTERS = re.compile(r"\b(?:[A-Za-z] ){3,}[A-Za-z]\b")
REPEATED = re.compile(r"(.)\1{3,}")


class Draft:
    """A text being rewritten, with the origin of each of its characters."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.origins = np.arange(len(text), dtype=np.int64)
        self.marks: Counter[str] = Counter()

    def replace(
        self, pattern: re.Pattern[str], by: str | Replacement, mark: str = ""
    ) -> None:
        """Rewrite every match; *mark* names it as a trick worth reporting."""
        if pattern.search(self.text) is None:
            return
        pieces: list[str] = []
        kept: list[NDArray[np.int64]] = []
        done = 0
        for match in pattern.finditer(self.text):
            start, end = match.span()
            new = by if isinstance(by, str) else by(match)
            pieces += [self.text[done:start], new]
            kept.append(self.origins[done:start])
            if new:
                places = np.minimum(np.arange(len(new)), end - start - 1)
                kept.append(self.origins[start + places])
            done = end
            if mark and new != match[0]:
                self.marks[mark] += 1
        pieces.append(self.text[done:])
        kept.append(self.origins[done:])
        self.text = "".join(pieces)
        self.origins = np.concatenate(kept)

    def translate(self, table: dict[int, str]) -> None:
        """Map single characters to single characters; offsets stay."""
        self.text = self.text.translate(table)

    def drop_prefix(self, pattern: re.Pattern[str]) -> None:
        """Remove *pattern* where the text starts with it."""
        match = pattern.match(self.text)
        if match:
            self.text = self.text[match.end() :]
            self.origins = self.origins[match.end() :]


def normalise(text: str) -> Normalised:
    """Normalise *text*. Accepts any string, lone surrogates included."""
    draft = Draft(text)
    draft.replace(ENTITY, lambda match: _plain(html.unescape(match[0])))
    draft.replace(CODE_POINT_NOTE, _named_character)
    _remove_invisible(draft)
    _unify_characters(draft)
    _remove_markup(draft)
    _unify_spacing(draft)
    _lower(draft)
    marks = tuple(EvasionMark(code, n) for code, n in sorted(draft.marks.items()))
    return Normalised(draft.text, draft.origins, len(text), marks)


def _remove_invisible(draft: Draft) -> None:
    if draft.text.isascii():
        draft.replace(CONTROLS, "")
        return
    draft.replace(SURROGATES, "", "BROKEN_UNICODE")
    draft.replace(CONTROLS, "")
    # Emoji first: their joiners and selectors are spelling, not tricks.
    draft.replace(WORD_EMOJI, "", "SPLIT_WORD")
    draft.replace(EMOJI, " ")
    draft.replace(ZERO_WIDTH, "", "ZERO_WIDTH")
    draft.replace(BIDI, "", "BIDI")
    for code, pattern in (("ODD_SPACE", ODD_SPACE), ("STYLED_LETTERS", STYLED)):
        if found := _count(pattern, draft.text):
            draft.marks[code] = found


def _count(pattern: re.Pattern[str], text: str) -> int:
    return sum(1 for _ in pattern.finditer(text))


def _unify_characters(draft: Draft) -> None:
    if draft.text.isascii():
        return
    draft.translate(SINGLE_CHARACTER_FORMS)
    if not unicodedata.is_normalized("NFKC", draft.text):
        draft.replace(CLUSTER, lambda match: unicodedata.normalize("NFKC", match[0]))
        # Compatibility forms unfold into quotes and dashes of their own.
        draft.translate(SINGLE_CHARACTER_FORMS)
    if FOREIGN.search(draft.text) and _mostly_latin(draft.text):
        # One that stands alone, as a Greek letter in a formula does, is suspect
        # only beside words that mix alphabets.
        mixing = any(_mixes(match[0]) for match in WORD.finditer(draft.text))
        shortest = 1 if mixing else 3
        draft.replace(WORD, lambda match: _undisguise(match[0], shortest), "HOMOGLYPH")


def _mostly_latin(text: str) -> bool:
    return _count(LATIN, text) > _count(FOREIGN, text)


def _mixes(word: str) -> bool:
    return FOREIGN.search(word) is not None and LATIN.search(word) is not None


def _undisguise(word: str, shortest: int) -> str:
    """Spell *word* in Latin letters where its foreign ones only pose as such.

    One of foreign letters alone must have *shortest* of them, all with a twin.
    """
    if word.isascii() or FOREIGN.search(word) is None:
        return word
    plain = word.translate(HOMOGLYPHS)
    whole = len(word) >= shortest and plain.isascii()
    return plain if _mixes(word) or whole else word


def _plain(text: str) -> str:
    return SURROGATES.sub("", text)


def _named_character(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return _plain(chr(code)) if code <= sys.maxunicode else ""


def _remove_markup(draft: Draft) -> None:
    draft.drop_prefix(PREFACE)
    draft.replace(LINE_MARK, "")
    draft.replace(LINK, lambda match: match[1])
    draft.replace(EMPHASIS, "")
    draft.replace(URL, "")
    draft.replace(MENTION, "@")
    draft.replace(TOPIC, "#")


def _unify_spacing(draft: Draft) -> None:
    draft.replace(WHITESPACE, " ")
    draft.replace(EDGE_SPACE, "")
    draft.replace(
        SPACED_LETTERS, lambda match: match[0].replace(" ", ""), "SPACED_LETTERS"
    )
    draft.replace(HAN_SPACE, "")
    draft.replace(BEFORE_PUNCTUATION, "")
    draft.replace(AFTER_BRACKET, "")
    draft.replace(CLITIC, lambda match: "'" + match[1])
    draft.replace(DOUBLED_QUOTE, '"')
    draft.replace(REPEATED, lambda match: match[1] * 3)


def _lower(draft: Draft) -> None:
    lowered = draft.text.lower()
    if len(lowered) != len(draft.text):  # a few letters grow when lowered
        draft.replace(GROWING, "i")
        lowered = draft.text.lower()
    draft.text = lowered
