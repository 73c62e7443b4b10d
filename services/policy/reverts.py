"""All decisions of a ruleset, rule or model reversed at once, account by account."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from services.policy.callers import Caller
from services.policy.domain.canonical import from_plain
from services.policy.domain.events import DecisionReversed, ReversalCause
from services.policy.domain.notices import NoticeKind, notice_of_change
from services.policy.domain.rulings import Ruling
from services.policy.domain.tiers import Decider
from services.policy.effects import folded, noted, written
from services.policy.records import Hearing
from services.policy.reversing import Reverser, Voided, reversal
from services.policy.rulebook import Rulebook
from services.policy.storage import audit, decisions
from services.policy.storage.decisions import StoredDecision
from services.policy.storage.effects import Effects
from services.policy.storage.ledgers import Ledger
from services.policy.storage.store import Store, Transaction
from services.runtime.requests import Request

AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Revert:
    """Which decisions: of a ruleset, or in which a rule fired, or that used a model."""

    ruleset_digest: str = ""
    rule: str = ""
    model_digest: str = ""
    start: datetime
    end: datetime
    reason: str
    dry_run: bool

    def selects(self, ruling: Ruling) -> bool:
        """Say whether a decision is meant."""
        if self.ruleset_digest:
            return ruling.ruleset_digest == self.ruleset_digest
        if self.model_digest:
            return self.model_digest in ruling.model_digests
        return any(match.rule == self.rule for match in ruling.fired)


@dataclass(slots=True)
class Reverted:
    """What was done so far, or would be."""

    examined: int = 0
    reverted: int = 0
    relieved: int = 0
    progress: float = 0.0


class Reverts:
    """Reverses in bulk. Reversing twice changes nothing, so a retry goes on."""

    def __init__(
        self,
        store: Store,
        rulebook: Rulebook,
        reverser: Reverser,
        changed: Callable[[str], None],
    ) -> None:
        """Have *changed* called with each account whose standing may have changed."""
        self._store = store
        self._rulebook = rulebook
        self._reverser = reverser
        self._changed = changed

    async def run(
        self, revert: Revert, caller: Caller, request: Request
    ) -> AsyncIterator[Reverted]:
        """Yield how far it is; a repeat of *request* yields its first result alone."""
        if not revert.dry_run:
            first = await self._store.first_answer(request)
            if first is not None:
                yield Reverted(**json.loads(first))
                return
        names = await self._store.read(
            lambda c: decisions.names_within(c, revert.start, revert.end, None)
        )
        if not revert.dry_run:
            await self._store.write(
                lambda c: audit.note(
                    c, caller, "RevertDecisions", repr(revert), revert.reason
                )
            )
        done = Reverted()
        for account, decision in names:
            await self._one(account, decision, revert, caller, done)
            done.examined += 1
            done.progress = done.examined / len(names)
            if done.examined % AT_ONCE == 0:
                yield done
        done.progress = 1.0
        if revert.dry_run:  # it may be asked for again, and then be done in earnest
            yield done
            return
        result = json.dumps(asdict(done)).encode()
        kept = await self._store.once(request, lambda _: result, caller.now)
        yield Reverted(**json.loads(kept))

    async def _one(
        self,
        account: str,
        decision: str,
        revert: Revert,
        caller: Caller,
        done: Reverted,
    ) -> None:
        stored = await self._store.read(lambda c: decisions.get(c, account, decision))
        if stored is None or not meant(stored, revert):
            return
        hearing = Hearing(caller, (await self._rulebook.current()).live)
        bases = await self._reverser.bases(account)

        def run(connection: Transaction) -> tuple[bool, bool]:
            ledger = self._store.ledger_within(connection, account)
            if void(ledger, decision):
                return False, False
            log = self._reverser.log(connection, account)
            event = reversed_by(revert, decision, caller)
            voided = reversal(account, log, event, bases)
            effects = effects_of_revert(ledger, decision, voided, hearing)
            after = folded(ledger.history, effects.events)
            if not revert.dry_run:
                self._store.change_within(connection, account, lambda _: effects)
            return True, after.tier(caller.now) < ledger.history.tier(caller.now)

        runner = self._store.read if revert.dry_run else self._store.write
        reverted, relieved = await runner(run)
        done.reverted += reverted
        done.relieved += relieved
        if reverted and not revert.dry_run:
            self._changed(account)


def void(ledger: Ledger, decision: str) -> bool:
    """Say whether *decision* is reversed already."""
    measure = ledger.history.measure(decision)
    return measure is None or measure.reversed


def reversed_by(revert: Revert, decision: str, caller: Caller) -> DecisionReversed:
    """Return the event that voids one decision."""
    return DecisionReversed(
        time=caller.now,
        decision=decision,
        cause=ReversalCause.REVERT,
        identity=caller.identity,
        reason=revert.reason,
    )


def effects_of_revert(
    ledger: Ledger, decision: str, voided: Voided, hearing: Hearing
) -> Effects:
    """Return what the reversal of one decision writes."""
    now = hearing.caller.now
    told = notice_of_change(NoticeKind.DECISION_REVERSED, decision, now)
    return replace(
        noted(ledger.history, voided.events, hearing.ruleset, now),
        decisions=voided.decisions,
        measures=voided.measures,
        notices=written(told),
    )


def meant(stored: StoredDecision, revert: Revert) -> bool:
    """Say whether *stored* is a rule's decision that *revert* selects."""
    if stored.decider != Decider.RULE:
        return False
    ruling: Ruling = from_plain(Ruling, json.loads(stored.body))
    return revert.selects(ruling)
