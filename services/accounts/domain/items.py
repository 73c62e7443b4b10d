"""Which texts count towards reliance, and what is known of each."""

from dataclasses import dataclass
from itertools import compress
from math import log

import numpy as np

from services.accounts.domain.activities import (
    Attestation,
    ClientKind,
    InputMode,
    LabelKind,
)
from services.accounts.domain.arrays import Bools, Bytes, Floats
from services.accounts.domain.moments import count
from services.accounts.domain.records import (
    DECLARED_AI,
    attestations,
    client_kinds,
    input_modes,
)
from services.accounts.domain.texts import OWN_TEXT, Texts

TEMPLATE_REPEATS = 3

# Log ratios of facts that the platform asserts about one item. A hosting tool
# may still pass on a person's words, hence less than a label's.
LABELLED = {
    LabelKind.GENERATED: log(1000.0),
    LabelKind.LIKELY: log(20.0),
    LabelKind.SUSPECTED: log(3.0),
}
GENERATED_INPUT = log(300.0)
COMPOSED_BY_TOOL = log(300.0)
PUBLISHED_BY_TOOL = log(100.0)
TYPED_ATTESTED = -log(20.0)
TYPED = -log(3.0)

# Plain numbers: numpy asks a member of an enum for much before it compares.
_GENERATED, _TYPED_MODE = int(InputMode.GENERATED), int(InputMode.TYPED)
_TOOL, _PASSED = int(ClientKind.HOSTING_TOOL), int(Attestation.PASSED)
_BY_LABEL: Floats = np.zeros(256)
_BY_LABEL[list(LABELLED)] = list(LABELLED.values())


@dataclass(frozen=True, slots=True)
class Items:
    """Texts that count.

    `style` is the detector's log ratio where `scored`, `hard` that of facts of
    the item itself, 0 where there are none.
    """

    time: Floats
    key: tuple[bytes, ...]
    style: Floats
    scored: Bools
    hard: Floats

    def since(self, start: float) -> "Items":
        """Items from *start* on, in seconds from 1970."""
        if not len(self.time) or self.time[0] >= start:
            return self
        later = self.time >= start
        return Items(
            self.time[later],
            tuple(compress(self.key, later.tolist())),
            self.style[later],
            self.scored[later],
            self.hard[later],
        )


NO_ITEMS = Items(np.zeros(0), (), np.zeros(0), np.zeros(0, np.bool_), np.zeros(0))


def eligible(texts: Texts, since: float) -> Items:
    """Items of *texts* from *since* (seconds from 1970) that count.

    Left out: what the author declared as AI-made, quotations, translations,
    template posts (marked, or the third and later of the same wording), what
    is not the author's own text, and what nothing is known of.
    """
    if not len(texts):
        return NO_ITEMS
    hard = _hard_ratios(texts)
    counted = (
        OWN_TEXT[texts.type]
        & (texts.time >= since)
        & (texts.flags & np.uint8(DECLARED_AI) == 0)
        & (texts.kind == 0)
        & ~_later_repeats(texts)
        & (texts.scored | (hard != 0))
    )
    return Items(
        texts.time[counted],
        tuple(compress(texts.key, counted.tolist())),
        texts.log_ratio[counted],
        texts.scored[counted],
        hard[counted],
    )


def _hard_ratios(texts: Texts) -> Floats:
    ratios = np.zeros(len(texts))
    if count(texts.label):
        ratios += _BY_LABEL[texts.label]
    tool: Bools | None = None
    if count(texts.composed):
        modes = input_modes(texts.composed)
        ratios[modes == _GENERATED] += GENERATED_INPUT
        tool = client_kinds(texts.composed) == _TOOL
        ratios[tool] += COMPOSED_BY_TOOL
        ratios += _typed(texts.composed, modes)
    if count(texts.published):
        published = client_kinds(texts.published) == _TOOL
        ratios[published if tool is None else published & ~tool] += PUBLISHED_BY_TOOL
    return ratios


def _typed(composed: Bytes, modes: Bytes) -> Floats:
    passed = attestations(composed) == _PASSED
    typed = modes == _TYPED_MODE
    return np.where(typed, np.where(passed, TYPED_ATTESTED, TYPED), 0.0)


def _later_repeats(texts: Texts) -> Bools:
    """The second and later of a wording used `TEMPLATE_REPEATS` times or more."""
    repeated = np.zeros(len(texts), dtype=np.bool_)
    if len(texts) < TEMPLATE_REPEATS:
        return repeated
    places: dict[int, list[int]] = {}
    for place, wording in enumerate(texts.template.tolist()):
        if wording:
            places.setdefault(wording, []).append(place)
    for found in places.values():
        if len(found) >= TEMPLATE_REPEATS:
            repeated[found[1:]] = True
    return repeated
