"""Decisions as they were made, with the evidence they froze. Never changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, tuple_, update

from services.policy.domain.times import from_us, to_us
from services.policy.storage.counters import DECISIONS as DECISION_COUNTER
from services.policy.storage.counters import count_up
from services.policy.storage.rows import DecisionRow, table

DECISIONS = table(DecisionRow)
LIGHT = [column for column in DECISIONS.c if column.name != "evidence"]
UNNUMBERED = DECISIONS.c.outbox_sequence.is_(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDecision:
    """A decision. `body` and `evidence` are canonical JSON."""

    account: str
    id: str
    sequence: int
    """The number of its entry in the account's log."""
    decide_time: datetime
    tier: int
    ruleset_digest: str
    decider: str
    identity: str
    entry_hash: str
    body: str
    evidence: str = ""
    """Empty where it was not asked for, or where a person decided."""
    switches: str = ""
    """What operations held back at the time; empty where a person decided."""


def add(connection: Connection, decision: StoredDecision) -> None:
    """Write *decision*; its id must be new."""
    row = {
        "account": decision.account,
        "id": decision.id,
        "sequence": decision.sequence,
        "decide_us": to_us(decision.decide_time),
        "tier": decision.tier,
        "ruleset_digest": decision.ruleset_digest,
        "decider": decision.decider,
        "identity": decision.identity,
        "entry_hash": decision.entry_hash,
        "body": decision.body,
        "evidence": decision.evidence,
        "switches": decision.switches,
    }
    connection.execute(insert(DECISIONS).values(row))


def get(connection: Connection, account: str, decision: str) -> StoredDecision | None:
    """Return one decision with its evidence, or None."""
    found = select(DECISIONS).where(
        DECISIONS.c.account == account, DECISIONS.c.id == decision
    )
    row = connection.execute(found).one_or_none()
    return None if row is None else _from_row(row, row.evidence)


def page(
    connection: Connection,
    account: str,
    before: int | None,
    limit: int,
    *,
    evidence: bool = False,
) -> list[StoredDecision]:
    """Return up to *limit* decisions on *account*, newest first, before a number."""
    columns = DECISIONS.c if evidence else LIGHT
    found = select(*columns).where(DECISIONS.c.account == account)
    if before is not None:
        found = found.where(DECISIONS.c.sequence < before)
    ordered = found.order_by(DECISIONS.c.sequence.desc()).limit(limit)
    rows = connection.execute(ordered)
    return [_from_row(row, row.evidence if evidence else "") for row in rows]


def page_of_all(
    connection: Connection, before: tuple[int, str, str] | None, limit: int
) -> list[StoredDecision]:
    """Return up to *limit* decisions on anybody, newest first."""
    order = tuple_(DECISIONS.c.decide_us, DECISIONS.c.account, DECISIONS.c.id)
    found = select(*LIGHT)
    if before is not None:
        found = found.where(order < before)
    ordered = found.order_by(
        DECISIONS.c.decide_us.desc(), DECISIONS.c.account.desc(), DECISIONS.c.id.desc()
    )
    return [_from_row(row) for row in connection.execute(ordered.limit(limit))]


def key_of(decision: StoredDecision) -> tuple[int, str, str]:
    """Return where `page_of_all` goes on after *decision*."""
    return to_us(decision.decide_time), decision.account, decision.id


def names_within(
    connection: Connection, start: datetime, end: datetime, tier: int | None
) -> list[tuple[str, str]]:
    """Return account and id of each decision made in [start, end), in a fixed order."""
    found = select(DECISIONS.c.account, DECISIONS.c.id).where(
        DECISIONS.c.decide_us >= to_us(start), DECISIONS.c.decide_us < to_us(end)
    )
    if tier is not None:
        found = found.where(DECISIONS.c.tier == tier)
    rows = connection.execute(found)
    return sorted((row.account, row.id) for row in rows)


def _from_row(row: Any, evidence: str = "") -> StoredDecision:
    return StoredDecision(
        account=row.account,
        id=row.id,
        sequence=row.sequence,
        decide_time=from_us(row.decide_us),
        tier=row.tier,
        ruleset_digest=row.ruleset_digest,
        decider=row.decider,
        identity=row.identity,
        entry_hash=row.entry_hash,
        body=row.body,
        evidence=evidence,
        switches=row.switches,
    )


def any_unnumbered(connection: Connection) -> bool:
    """Say whether a decision waits for its number in the outbox."""
    found = select(DECISIONS.c.id).where(UNNUMBERED).limit(1)
    return connection.execute(found).one_or_none() is not None


def number(connection: Connection, limit: int) -> int:
    """Number up to *limit* decisions for the outbox, oldest first; return how many.

    Whoever publishes numbers them, after their commit: numbers become visible in
    order, and those who decide wait for nobody.
    """
    waiting = (
        select(DECISIONS.c.account, DECISIONS.c.id)
        .where(UNNUMBERED)
        .order_by(DECISIONS.c.decide_us, DECISIONS.c.account, DECISIONS.c.id)
        .limit(limit)
    )
    found = connection.execute(waiting).all()
    if not found:
        return 0
    first = count_up(connection, DECISION_COUNTER, len(found))
    numbered = (
        update(DECISIONS)
        .where(DECISIONS.c.account == bindparam("a"), DECISIONS.c.id == bindparam("d"))
        .values(outbox_sequence=bindparam("n"))
    )
    rows = [
        {"a": row.account, "d": row.id, "n": first + place}
        for place, row in enumerate(found)
    ]
    connection.execute(numbered, rows)
    return len(rows)


def outbox(
    connection: Connection, after: int, limit: int
) -> list[tuple[int, StoredDecision]]:
    """Return decisions after number *after* of the outbox, in order, with numbers."""
    found = (
        select(*LIGHT)
        .where(DECISIONS.c.outbox_sequence > after)
        .order_by(DECISIONS.c.outbox_sequence)
        .limit(limit)
    )
    return [
        (row.outbox_sequence, _from_row(row, "")) for row in connection.execute(found)
    ]
