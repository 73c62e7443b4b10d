"""Changing the rules, safely: compiled first, watched next, LIVE by two persons."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.policy.callers import Caller
from services.policy.domain.tiers import Tier
from services.policy.rulebook import Rulebook
from services.policy.storage import audit, breakers, budgets, rulesets, shadows
from services.policy.storage.breakers import StoredBreaker
from services.policy.storage.rulesets import RulesetStage, StoredRuleset
from services.policy.storage.store import Store, Transaction
from services.runtime.errors import FailedPrecondition, NotFound

LIVE_NAME = "live"


@dataclass(frozen=True, slots=True)
class Shadowed:
    """How often a ruleset was asked beside the live one, and where it differed."""

    judged: int
    flips: Mapping[tuple[Tier, Tier], int]


class Rulework:
    """Keeps rulesets and breakers. What changes is audited."""

    def __init__(self, store: Store, rulebook: Rulebook) -> None:
        self._store = store
        self._rulebook = rulebook

    async def create(self, yaml: str, caller: Caller) -> StoredRuleset:
        """Keep a ruleset as DRAFT. Raises RulesetInvalid."""
        digest = self._rulebook.compile(yaml).digest

        def write(connection: Transaction) -> StoredRuleset:
            rulesets.add(connection, digest, yaml, caller.identity, caller.now)
            audit.note(connection, caller, "CreateRuleset", digest)
            return existing(connection, digest)

        return await self._store.write(write)

    async def get(self, digest: str) -> StoredRuleset:
        """Return a ruleset by digest, or the one that is `live`. Raises NotFound."""
        return await self._store.read(lambda c: existing(c, digest))

    async def shadowed(self, digest: str) -> Shadowed:
        """Return how a ruleset compared with the live one while it was in SHADOW."""
        return await self._store.read(
            lambda c: Shadowed(
                shadows.judged_count(c, digest), shadows.flips(c, digest)
            )
        )

    async def page(
        self, before: tuple[int, str] | None, limit: int
    ) -> Sequence[StoredRuleset]:
        """Return a page of rulesets, newest first."""
        return await self._store.read(lambda c: rulesets.page(c, before, limit))

    async def promote(
        self, digest: str, stage: RulesetStage, caller: Caller
    ) -> StoredRuleset:
        """Move a ruleset on; the second person to ask for LIVE makes it so."""

        def write(connection: Transaction) -> StoredRuleset:
            stored = existing(connection, digest)
            check_order(stored, stage)
            audit.note(connection, caller, f"Promote:{stage}", stored.digest)
            if stage is RulesetStage.SHADOW:
                rulesets.to_shadow(connection, stored.digest, caller.now)
            elif stored.proposer in ("", caller.identity):
                rulesets.propose(connection, stored.digest, caller.identity, caller.now)
            else:
                rulesets.to_live(connection, stored.digest, caller.identity, caller.now)
            return existing(connection, stored.digest)

        stored = await self._store.write(write)
        self._rulebook.forget()
        return stored

    async def rollback(self, reason: str, caller: Caller) -> StoredRuleset:
        """Make the ruleset that was LIVE before LIVE again: one person suffices."""

        def write(connection: Transaction) -> StoredRuleset:
            former = rulesets.former(connection)
            if former is None:
                raise FailedPrecondition("no ruleset was LIVE before", name="rulesets")
            rulesets.to_live(connection, former.digest, caller.identity, caller.now)
            audit.note(connection, caller, "RollbackRuleset", former.digest, reason)
            return existing(connection, former.digest)

        stored = await self._store.write(write)
        self._rulebook.forget()
        return stored

    async def set_breaker(
        self, name: str, *, is_open: bool, reason: str, caller: Caller
    ) -> StoredBreaker:
        """Open or close a breaker, or the kill switch."""
        breaker = StoredBreaker(name, is_open, reason, caller.identity, caller.now)

        def write(connection: Transaction) -> None:
            breakers.put(connection, breaker)
            if not is_open:
                budgets.renew(connection, name)
            detail = json.dumps({"open": is_open, "reason": reason})
            audit.note(connection, caller, "SetBreaker", name, detail)

        await self._store.write(write)
        self._rulebook.forget()
        return breaker

    def rule_count(self, stored: StoredRuleset) -> int:
        """Return the number of rules in a ruleset."""
        return len(self._rulebook.compile(stored.yaml).rules)


def existing(connection: Transaction, digest: str) -> StoredRuleset:
    """Return a ruleset by digest, or the one that is `live`; or raise NotFound."""
    if digest == LIVE_NAME:
        found = rulesets.live(connection)
    else:
        found = rulesets.get(connection, digest)
    if found is None:
        raise NotFound("ruleset", f"rulesets/{digest}")
    return found


def check_order(stored: StoredRuleset, stage: RulesetStage) -> None:
    """Raise FailedPrecondition unless *stage* is the next one: watched before LIVE."""
    needed = {
        RulesetStage.SHADOW: (RulesetStage.DRAFT, RulesetStage.RETIRED),
        RulesetStage.LIVE: (RulesetStage.SHADOW,),
    }
    if stored.stage not in needed[stage]:
        name = f"rulesets/{stored.digest}"
        raise FailedPrecondition(
            f"{name} is {stored.stage}, not before {stage}", name=name
        )
