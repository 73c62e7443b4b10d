"""A person's decision: it ends what was in force, and outranks every rule."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.policy.callers import Caller
from services.policy.domain.events import (
    DecisionReversed,
    Event,
    Overridden,
    ReversalCause,
)
from services.policy.domain.notices import NoticeKind, notice_about, notice_of_change
from services.policy.domain.tiers import Ground, InteractionTier, Tier
from services.policy.effects import folded, noted, written
from services.policy.records import Hearing, decision_of
from services.policy.reversing import Bases, Reverser, Voided, reversal
from services.policy.rulebook import Rulebook
from services.policy.storage.effects import Effects
from services.policy.storage.ledgers import Ledger
from services.policy.storage.store import Store, Transaction
from services.runtime.ids import content_id
from services.runtime.requests import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What a person decides about an account, and why."""

    account: str
    tier: Tier
    interaction: InteractionTier | None
    """None: as it is."""
    expire_time: datetime | None
    ground: Ground
    reason: str
    reverses: str = ""
    """A decision found wrong, void from the start; empty = none."""


class Overrider:
    """Records people's decisions, each once for its request id."""

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

    async def override(self, word: Override, caller: Caller, request: Request) -> str:
        """Return the id of the decision, the first one for this request."""
        hearing = Hearing(caller, (await self._rulebook.current()).live)
        decision = content_id("word", word.account, request.request_id)

        bases = await self._reverser.bases(word.account)

        def write(connection: Transaction) -> bytes:
            log = self._reverser.log(connection, word.account)

            def plan(ledger: Ledger) -> Effects:
                voided = voiding(word, caller, log, bases)
                return effects_of_word(word, decision, hearing, voided, ledger)

            self._store.change_within(connection, word.account, plan)
            return decision.encode()

        answer = await self._store.once(request, write, caller.now)
        self._changed(word.account)
        return answer.decode()


def voiding(
    word: Override, caller: Caller, log: Sequence[Event], bases: Bases
) -> Voided:
    """Return what falls with the decision found wrong, if one is named."""
    if not word.reverses:
        return Voided()
    event = DecisionReversed(
        time=caller.now,
        decision=word.reverses,
        cause=ReversalCause.OVERRIDE,
        identity=caller.identity,
        reason=word.reason,
    )
    return reversal(word.account, log, event, bases)


def effects_of_word(
    word: Override,
    decision: str,
    hearing: Hearing,
    voided: Voided,
    ledger: Ledger,
) -> Effects:
    """Return what a person's decision writes."""
    caller, ruleset = hearing.caller, hearing.ruleset
    history = ledger.history
    overridden = Overridden(
        time=caller.now,
        decision=decision,
        tier=word.tier,
        interaction=word.interaction or history.interaction(caller.now),
        ground=word.ground,
        identity=caller.identity,
        reason=word.reason,
        expire_time=word.expire_time,
    )
    before = folded(history, voided.events)
    made = folded(before, (overridden,)).measure(decision)
    assert made is not None
    told = notice_about(made.made, word.reason)
    if word.reverses and word.tier is Tier.CLEAR:
        kind = NoticeKind.DECISION_REVERSED
        told = notice_of_change(kind, decision, caller.now, word.reason)
    return replace(
        noted(history, (*voided.events, overridden), ruleset, caller.now),
        decisions=[
            *voided.decisions,
            decision_of(overridden, word.account, before, ruleset),
        ],
        notices=written(told),
        measures=voided.measures,
    )
