"""Which texts count towards reliance, and what is known of each."""

from dataclasses import dataclass
from math import log

import numpy as np

from services.accounts.domain.activities import (
    Attestation,
    ClientKind,
    InputMode,
    LabelKind,
)
from services.accounts.domain.history import (
    OWN_TEXT,
    Bools,
    Bytes,
    Floats,
    Texts,
)
from services.accounts.domain.records import (
    DECLARED_AI,
    attestations,
    client_kinds,
    input_modes,
)

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
        later = self.time >= start
        if later.all():
            return self
        return Items(
            self.time[later],
            tuple(key for key, keep in zip(self.key, later, strict=True) if keep),
            self.style[later],
            self.scored[later],
            self.hard[later],
        )


def eligible(texts: Texts, since: float) -> Items:
    """Items of *texts* from *since* (seconds from 1970) that count.

    Left out: what the author declared as AI-made, quotations, translations,
    template posts (marked, or the third and later of the same wording), what
    is not the author's own text, and what nothing is known of.
    """
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
        tuple(key for key, keep in zip(texts.key, counted, strict=True) if keep),
        texts.log_ratio[counted],
        texts.scored[counted],
        hard[counted],
    )


def _hard_ratios(texts: Texts) -> Floats:
    ratios = np.zeros(len(texts))
    for kind, ratio in LABELLED.items():
        ratios[texts.label == kind] += ratio
    modes, kinds = input_modes(texts.composed), client_kinds(texts.composed)
    ratios[modes == InputMode.GENERATED] += GENERATED_INPUT
    tool = kinds == ClientKind.HOSTING_TOOL
    ratios[tool] += COMPOSED_BY_TOOL
    published = client_kinds(texts.published) == ClientKind.HOSTING_TOOL
    ratios[published & ~tool] += PUBLISHED_BY_TOOL
    ratios += _typed(texts.composed, modes)
    return ratios


def _typed(composed: Bytes, modes: Bytes) -> Floats:
    passed = attestations(composed) == Attestation.PASSED
    typed = modes == InputMode.TYPED
    return np.where(typed, np.where(passed, TYPED_ATTESTED, TYPED), 0.0)


def _later_repeats(texts: Texts) -> Bools:
    """The second and later of a wording used `TEMPLATE_REPEATS` times or more."""
    repeated = np.zeros(len(texts), dtype=np.bool_)
    if len(texts) < TEMPLATE_REPEATS:
        return repeated
    values, first, counts = np.unique(
        texts.template, return_index=True, return_counts=True
    )
    often = values[(counts >= TEMPLATE_REPEATS) & (values != 0)]
    repeated[np.isin(texts.template, often)] = True
    repeated[first] = False
    return repeated
