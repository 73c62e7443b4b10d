"""Keyed fingerprints of a text, computed once so that the text can be forgotten.

Whoever holds a fingerprint but not the key learns the length and the shape of
a text, not its words. Equal texts under different keys do not match.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

SKETCH_BYTES = 16
_SLOTS = 4 * SKETCH_BYTES  # two bits a permutation
_MAX_WORDS = 512
_MIN_WORDS = 6
_WORDS = re.compile(
    r"https?://\S+|@\w+|[0-9][0-9.,:/-]*|[\u3040-\u30ff\u3400-\u9fff]|[^\W\d_]+|#"
)
_MASKS = {"@": "@"} | dict.fromkeys("0123456789", "0")
_HASHTAGS = re.compile(r"#\w")
_NOT_PROSE = re.compile(r"https?://\S+|[@#]\w+")
_STOPS = ".!?。！？…"
_ASKS = ("?", "!", "？", "！")
_SENTENCE_ENDS = re.compile(r"[.!?…](?=\s|$)|[。！？]")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What is kept of a text.

    `template` and `opening` are 32-bit hashes of the whole text and of its
    first three words with links, names and numbers masked; 0 = no words.
    `sketch` is a 2-bit MinHash of three-word shingles (64 permutations),
    empty below six words, where likeness means nothing. `shape` packs counts:
    bits 0-3 hashtags, 4-5 links, 6-7 names, 8-11 line breaks, 13 begins with a
    name. Of the text without links, names and hashtags: 12 ends with a stop,
    14 asks or exclaims, 15 has two sentences or more.
    """

    length: int
    template: int
    opening: int
    sketch: bytes
    shape: int


def fingerprint(text: str, key: bytes) -> Fingerprint:
    """Fingerprint *text* under the HMAC *key* (at most 64 bytes)."""
    body = text.strip()
    words = [
        "http" if word.startswith("http") else _MASKS.get(word[0], word)
        for word in _WORDS.findall(body.lower())[:_MAX_WORDS]
    ]
    encoded = [word.encode(errors="replace") for word in words]
    return Fingerprint(
        length=len(body),
        template=_hash32(b" ".join(encoded), key) if words else 0,
        opening=_hash32(b" ".join(encoded[:3]), key) if words else 0,
        sketch=_sketch(encoded, key) if len(words) >= _MIN_WORDS else b"",
        shape=_shape(body),
    )


def content_key(identifier: str) -> bytes:
    """Eight bytes that stand for an id inside a profile state."""
    return blake2b(identifier.encode(), digest_size=8).digest()


def linkage_key(kind: str, link: bytes, key: bytes) -> str:
    """Keyed hash of a device or network (its *kind*), in hexadecimal."""
    person = kind.encode()
    return blake2b(link, digest_size=16, key=key, person=person).hexdigest()


def likeness(left: NDArray[np.uint8], right: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Jaccard estimates of sketches, broadcast over all but the last axis.

    The last axis holds the 16 bytes of a sketch, contiguous.

    A quarter of unlike slots agree by chance (b-bit MinHash, Li and König
    2010), which is taken out; standard error .08 at one half.
    """
    words = left.view(np.uint64) ^ right.view(np.uint64)
    unlike = (words | words >> np.uint64(1)) & _LOW_BITS
    equal = _SLOTS - np.bitwise_count(unlike).sum(axis=-1, dtype=np.int64)
    estimate: NDArray[np.float64] = (equal / _SLOTS - 0.25) / 0.75
    return estimate


_MIX_FIRST = np.uint32(0x9E3779B1)
_MIX_SECOND = np.uint32(0x85EBCA77)
# Four blocks of permutations give bits 0-1, 2-3, 4-5 and 6-7 of each byte.
_TWO_BITS = np.array([[0x03], [0x0C], [0x30], [0xC0]], dtype=np.uint32)
_LOW_BITS = np.uint64(0x5555_5555_5555_5555)


def _hash32(text: bytes, key: bytes) -> int:
    return int.from_bytes(blake2b(text, digest_size=4, key=key).digest()) or 1


@lru_cache(maxsize=8)
def _permutations(key: bytes) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    digest = blake2b(b"sketch", digest_size=8, key=key).digest()
    random = np.random.default_rng(int.from_bytes(digest))
    factors = random.integers(0, 1 << 32, (_SLOTS, 1), dtype=np.uint32) | np.uint32(1)
    offsets = random.integers(0, 1 << 32, (_SLOTS, 1), dtype=np.uint32)
    return factors, offsets


def _sketch(words: list[bytes], key: bytes) -> bytes:
    factors, offsets = _permutations(key)
    hashes = np.fromiter(map(crc32, words), np.uint32, len(words))
    shingles = hashes[:-2] * _MIX_FIRST + hashes[1:-1] * _MIX_SECOND ^ hashes[2:]
    lowest = np.minimum.reduce(shingles * factors + offsets, axis=1)
    slots = lowest.reshape(4, SKETCH_BYTES) & _TWO_BITS
    packed: NDArray[np.uint8] = np.bitwise_or.reduce(slots, axis=0).astype(np.uint8)
    return packed.tobytes()


def _shape(text: str) -> int:
    hashtags = min(15, len(_HASHTAGS.findall(text))) if "#" in text else 0
    links = min(3, text.count("http"))
    names = min(3, text.count("@"))
    breaks = min(15, text.count("\n"))
    prose = _NOT_PROSE.sub(" ", text) if hashtags or links or names else text
    return (
        hashtags
        | links << 4
        | names << 6
        | breaks << 8
        | _stops(prose) << 12
        | text.startswith("@") << 13
        | any(mark in prose for mark in _ASKS) << 14
        | (len(_SENTENCE_ENDS.findall(prose)) > 1) << 15
    )


def _stops(prose: str) -> bool:
    """Whether the last letter, digit or stop is a stop: emoji may follow it."""
    for character in reversed(prose):
        if character in _STOPS:
            return True
        if character.isalnum():
            return False
    return False
