"""A decision made again from what it froze: the same bytes, or what differs."""

import json
from dataclasses import dataclass, fields

from services.policy.domain.canonical import from_plain, to_plain
from services.policy.domain.evidence import Evidence
from services.policy.domain.fold import fold_all
from services.policy.domain.judge import rule
from services.policy.domain.names import decision_name
from services.policy.domain.rulings import Ruling
from services.policy.domain.switches import Switches
from services.policy.domain.tiers import Decider
from services.policy.rulebook import Rulebook
from services.policy.storage import decisions, ledgers
from services.policy.storage.decisions import StoredDecision
from services.policy.storage.store import Store
from services.runtime.errors import FailedPrecondition, NotFound


@dataclass(frozen=True, slots=True)
class Replay:
    """What came out, and the names of fields that differ from what is on record."""

    stored: StoredDecision
    ruling: Ruling
    differences: tuple[str, ...]


class Replayer:
    """Makes decisions again."""

    def __init__(self, store: Store, rulebook: Rulebook) -> None:
        self._store = store
        self._rulebook = rulebook

    async def replay(self, account: str, decision: str) -> Replay:
        """Judge again on the evidence, rules, switches, log and clock of then.

        Raises NotFound, and FailedPrecondition for a person's decision.
        """
        name = decision_name(account, decision)
        stored = await self._store.read(lambda c: decisions.get(c, account, decision))
        if stored is None:
            raise NotFound("decision", name)
        if stored.decider != Decider.RULE:
            raise FailedPrecondition(f"{name} was made by a person", name=name)
        before: Ruling = from_plain(Ruling, json.loads(stored.body))
        evidence: Evidence = from_plain(Evidence, json.loads(stored.evidence))
        switches: Switches = from_plain(Switches, json.loads(stored.switches))
        ruleset = await self._rulebook.ruleset(stored.ruleset_digest)
        if ruleset is None:
            raise NotFound("ruleset", f"rulesets/{stored.ruleset_digest}")
        log = await self._store.read(lambda c: list(ledgers.entries(c, account)))
        history = fold_all(entry.event for entry in log[: before.history_sequence])
        ruling = rule(evidence, history, ruleset, before.decide_time, switches)
        return Replay(stored, ruling, differing(before, ruling))


def differing(before: Ruling, after: Ruling) -> tuple[str, ...]:
    """Return the names of the fields in which two rulings differ, byte for byte."""
    if before.canonical() == after.canonical():
        return ()
    names = (field.name for field in fields(before))
    return tuple(
        name
        for name in names
        if to_plain(getattr(before, name)) != to_plain(getattr(after, name))
    )
