"""The decision log as a hash chain: whoever alters it breaks it.

Each entry's hash covers the entry before, so one hash vouches for all that came first.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from services.policy.domain.events import Event, event_json

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an account's log."""

    account: str
    sequence: int
    """1 for the first, without gaps."""
    event: Event
    previous_hash: str
    hash: str


class BrokenChain(ValueError):
    """The log was altered: an entry does not follow from the one before."""


def chained(account: str, sequence: int, event: Event, previous_hash: str) -> Entry:
    """The entry for *event*, hashed onto *previous_hash* (GENESIS for the first)."""
    line = f"{previous_hash}\n{account}\n{sequence}\n{event_json(event)}"
    hashed = hashlib.sha256(line.encode()).hexdigest()
    return Entry(account, sequence, event, previous_hash, hashed)


def verify(entries: Iterable[Entry]) -> int:
    """Check one account's whole log; return its length. Raises BrokenChain."""
    previous, count = GENESIS, 0
    for count, entry in enumerate(entries, start=1):
        expected = chained(entry.account, count, entry.event, previous)
        if expected != entry:
            raise BrokenChain(f"{entry.account} entry {entry.sequence} was altered")
        previous = entry.hash
    return count
