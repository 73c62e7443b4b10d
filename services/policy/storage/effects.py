"""What one change of an account writes, all of it or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from services.policy.domain.cases import CaseOutcome
from services.policy.domain.chain import Entry
from services.policy.domain.events import Event
from services.policy.domain.names import decision_name
from services.policy.storage import (
    budgets,
    cases,
    decisions,
    identities,
    ledgers,
    measures,
    notices,
    standings,
)
from services.policy.storage.cases import CaseNews
from services.policy.storage.ledgers import Ledger
from services.policy.storage.measures import StoredMeasure
from services.policy.storage.notices import NewNotice
from services.policy.storage.standings import NewStanding, StoredStanding


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDecision:
    """A decision to write with the event that made it. JSON bodies."""

    id: str
    tier: int
    ruleset_digest: str
    decider: str
    identity: str
    body: str
    evidence: str = ""
    switches: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingView:
    """How an account stands after a change, as it is kept."""

    tier: int
    interaction_tier: int
    due: datetime | None
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """All that one change of an account writes, or nothing of it."""

    events: Sequence[Event]
    standing: StandingView
    now: datetime
    decisions: Sequence[NewDecision] = ()
    """One for each decision among the events."""
    notices: Sequence[NewNotice] = ()
    cases: Sequence[CaseNews] = ()
    measures: Sequence[StoredMeasure] = ()
    budgets: Mapping[str, int] = field(default_factory=dict)
    """Daily budget of each rule that decided and has one."""
    identity_keys: Sequence[str] = ()
    """Device and network keys to know the account's next one by."""


def write_effects(
    connection: Connection, ledger: Ledger, effects: Effects
) -> StoredStanding:
    """Write all that follows from one change of an account."""
    account, now = ledger.account, effects.now
    after, added = ledgers.extended(ledger, effects.events)
    ledgers.append(connection, added)
    made_by = {getattr(entry.event, "decision", ""): entry for entry in reversed(added)}
    for made in effects.decisions:
        write_decision(connection, account, made, made_by[made.id])
    over = no_longer_standing(ledger, after)
    if over:
        cases.settle(connection, account, over)
    measures.put(connection, effects.measures)
    budgets.spend(connection, effects.budgets, now)
    identities.put(connection, account, effects.identity_keys)
    notices.write(connection, account, effects.notices, now)
    for case in effects.cases:
        cases.tell(connection, case, now)
    view = effects.standing
    new = NewStanding(
        account=account,
        tier=view.tier,
        interaction_tier=view.interaction_tier,
        due=view.due,
        state=view.state,
        head_sequence=after.history.sequence,
        head_hash=after.head_hash,
        update_time=now,
    )
    return standings.put(connection, new, standings.get(connection, account))


def no_longer_standing(before: Ledger, after: Ledger) -> dict[str, CaseOutcome]:
    """Return the decisions that do not stand any more, where that is more than before.

    REJECTED where they were found wrong, NO_ACTION where a person decided otherwise.
    """

    def over(ledger: Ledger) -> dict[str, CaseOutcome]:
        return {
            decision_name(ledger.account, m.made.decision): (
                CaseOutcome.REJECTED if m.reversed else CaseOutcome.NO_ACTION
            )
            for m in ledger.history.measures
            if m.reversed or m.ended_by
        }

    found = over(after)
    return found if len(found) > len(over(before)) else {}


def write_decision(
    connection: Connection, account: str, made: NewDecision, entry: Entry
) -> None:
    """Write the decision that *entry* of the log made."""
    decision = decisions.StoredDecision(
        account=account,
        id=made.id,
        sequence=entry.sequence,
        decide_time=entry.event.time,
        tier=made.tier,
        ruleset_digest=made.ruleset_digest,
        decider=made.decider,
        identity=made.identity,
        entry_hash=entry.hash,
        body=made.body,
        evidence=made.evidence,
        switches=made.switches,
    )
    decisions.add(connection, decision)
