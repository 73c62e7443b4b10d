"""A decision found wrong is void from the start, and what relied on it falls too."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from services.policy.domain.canonical import canonical, from_plain
from services.policy.domain.events import DecisionMade, DecisionReversed, Event
from services.policy.domain.evidence import Evidence
from services.policy.domain.fold import fold_all
from services.policy.domain.names import decision_name
from services.policy.domain.reversals import Frozen, cascade
from services.policy.domain.rulings import Ruling
from services.policy.domain.switches import Switches
from services.policy.domain.tiers import Decider
from services.policy.effects import label_code
from services.policy.rulebook import Rulebook
from services.policy.storage import decisions, ledgers
from services.policy.storage.decisions import StoredDecision
from services.policy.storage.effects import NewDecision
from services.policy.storage.measures import StoredMeasure
from services.policy.storage.store import Store, Transaction
from services.runtime.errors import NotFound

MOST = 10_000
"""Decisions of one account that are looked at."""


@dataclass(frozen=True, slots=True)
class Bases:
    """What each decision of an account was made on."""

    frozen: Mapping[str, Frozen] = field(default_factory=dict)
    stored: Mapping[str, StoredDecision] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Voided:
    """What a reversal appends and writes."""

    events: Sequence[Event] = ()
    decisions: Sequence[NewDecision] = ()
    measures: Sequence[StoredMeasure] = ()

    def followed_by(self, more: "Voided") -> "Voided":
        """Return both, *more* after this."""
        return Voided(
            events=[*self.events, *more.events],
            decisions=[*self.decisions, *more.decisions],
            measures=[*self.measures, *more.measures],
        )


class Reverser:
    """Looks up what reversals need."""

    def __init__(self, store: Store, rulebook: Rulebook) -> None:
        self._store = store
        self._rulebook = rulebook

    async def bases(self, account: str) -> Bases:
        """Return what the decisions of *account* were made on."""
        found = await self._store.read(
            lambda c: decisions.page(c, account, None, MOST, evidence=True)
        )
        frozen = {}
        for stored in found:
            ruleset = await self._rulebook.ruleset(stored.ruleset_digest)
            if stored.evidence and ruleset is not None:
                frozen[stored.id] = Frozen(
                    from_plain(Evidence, json.loads(stored.evidence)),
                    ruleset,
                    from_plain(Switches, json.loads(stored.switches)),
                )
        return Bases(frozen, {stored.id: stored for stored in found})

    def log(self, connection: Transaction, account: str) -> list[Event]:
        """Return the whole log of *account*."""
        return [entry.event for entry in ledgers.entries(connection, account)]


def reversal(
    account: str, log: Sequence[Event], event: DecisionReversed, bases: Bases
) -> Voided:
    """Return *event* and all that falls with it. Raises NotFound."""
    if fold_all(log).measure(event.decision) is None:
        name = decision_name(account, event.decision)
        raise NotFound("decision", name)
    return with_cascade(account, log, event, event.decision, bases)


def reversals(
    account: str,
    log: Sequence[Event],
    events: Iterable[DecisionReversed],
    bases: Bases,
) -> Voided:
    """Return what falls with each of *events*, one after the other."""
    found = Voided()
    for event in events:
        more = reversal(account, [*log, *found.events], event, bases)
        found = found.followed_by(more)
    return found


def with_cascade(
    account: str, log: Sequence[Event], event: Event, void: str, bases: Bases
) -> Voided:
    """Return *event*, which voids *void*, and what follows from that."""
    grown = [*log, event]
    fallen = cascade(grown, void, bases.frozen.get, event.time)
    after = fold_all([*grown, *fallen])
    before = {mark.content for mark in fold_all(log).contents()}
    left = {mark.content: mark for mark in after.contents()}
    made = [e for e in fallen if isinstance(e, DecisionMade)]
    return Voided(
        events=(event, *fallen),
        decisions=[instead_of(e, fallen, bases) for e in made],
        measures=[
            StoredMeasure(
                account=account,
                content=content,
                label=label_code(left[content].label) if content in left else "",
                recommended=left[content].recommended if content in left else True,
                decision="",
            )
            for content in sorted(before)
        ],
    )


def instead_of(
    made: DecisionMade, fallen: Sequence[Event], bases: Bases
) -> NewDecision:
    """Return the milder decision in the place of the one it was ruled on again for."""
    place = fallen.index(made)
    reversed_before = fallen[place - 1]
    assert isinstance(reversed_before, DecisionReversed)
    original = bases.stored[reversed_before.decision]
    before: Ruling = from_plain(Ruling, json.loads(original.body))
    ruling = replace(
        before,
        decision=made.decision,
        tier=max(before.previous_tier, made.tier),
        interaction=max(before.previous_interaction, made.interaction),
        imposed_tier=made.tier,
        imposed_interaction=made.interaction,
        ground=made.ground,
        reasons=made.reasons,
        strategies=made.strategies,
        contents=made.contents,
        account_label=made.account_label,
        expire_time=made.expire_time,
        interaction_expire_time=made.interaction_expire_time,
        strike_expire_time=made.strike_expire_time,
        relied_on=made.relied_on,
        provisional=made.provisional,
        confirm_by=made.confirm_by,
    )
    return NewDecision(
        id=made.decision,
        tier=ruling.tier,
        ruleset_digest=made.ruleset_digest,
        decider=Decider.RULE,
        identity="",
        body=canonical(ruling).decode(),
        evidence=original.evidence,
        switches=original.switches,
    )
