"""Programs of steps: made from a seed, run, and made short when they fail.

A step holds numbers only, and means something whatever came before it, so that
steps can be left out and the rest still runs.
"""

import random
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from tests.simulation.seams import CALLS, WRITES

ACCOUNTS = 5
NUMBERS = 240
"""An account does so many things; a step takes some of them, in any order."""


class Step(NamedTuple):
    """One thing that happens."""

    what: str
    account: int = 0
    number: int = 0
    size: int = 0
    fault: str = ""


WEIGHTS = {
    "record": 24,
    "assess": 10,
    "again": 6,
    "conflict": 3,
    "hold": 4,
    "deliver": 6,
    "review": 5,
    "score": 12,
    "evaluate": 12,
    "follow": 10,
    "notices": 6,
    "pass": 6,
    "skew": 2,
    "detector": 2,
    "restart": 1,
    "fault": 18,
}
FAULTS = (
    *(("accounts", fault) for fault in WRITES),
    *(("policy", fault) for fault in WRITES),
    *(("link", fault) for fault in CALLS),
    *(("detector", fault) for fault in CALLS),
)


def program(seed: int, length: int) -> list[Step]:
    """Return the *length* steps that *seed* stands for."""
    source = random.Random(seed)
    kinds = source.choices(list(WEIGHTS), list(WEIGHTS.values()), k=length)
    return [_step(kind, source) for kind in kinds]


def _step(what: str, source: random.Random) -> Step:
    account = source.randrange(ACCOUNTS)
    number, size = source.randrange(NUMBERS), source.choice((1, 1, 2, 5, 12, 30))
    if what != "fault":
        return Step(what, account, number, size)
    seam, fault = source.choice(FAULTS)
    return Step("fault", fault=f"{seam}: {fault}")


def shown(steps: Sequence[Step]) -> str:
    """Return *steps* as Python that runs them again."""
    lines = "\n".join(f"    {step!r}," for step in steps)
    return f"await run(folder, [\n{lines}\n])"


async def shortest(
    steps: Sequence[Step],
    fails: Callable[[Sequence[Step]], Awaitable[bool]],
    tries: int = 80,
) -> list[Step]:
    """Drop steps, ever fewer at once, as long as what is left still *fails*."""
    left, size = list(steps), max(len(steps) // 2, 1)
    while size and tries:
        start = 0
        while start < len(left) and tries:
            shorter = left[:start] + left[start + size :]
            tries -= 1
            if await fails(shorter):
                left = shorter
            else:
                start += size
        size = size // 2
    return left
