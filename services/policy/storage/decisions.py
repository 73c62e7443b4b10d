"""Decisions as they were made, with the evidence they froze. Never changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, tuple_

from services.policy.storage.rows import DecisionRow, table
from services.policy.storage.times import from_us, to_us

DECISIONS = table(DecisionRow)
LIGHT = [column for column in DECISIONS.c if column.name != "evidence"]


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


def within(
    connection: Connection,
    start: datetime,
    end: datetime,
    after: tuple[int, str, str] | None,
    limit: int,
) -> list[StoredDecision]:
    """Return up to *limit* decisions made in [start, end), oldest first."""
    order = tuple_(DECISIONS.c.decide_us, DECISIONS.c.account, DECISIONS.c.id)
    found = select(DECISIONS).where(
        DECISIONS.c.decide_us >= to_us(start), DECISIONS.c.decide_us < to_us(end)
    )
    if after is not None:
        found = found.where(order > after)
    ordered = found.order_by(
        DECISIONS.c.decide_us, DECISIONS.c.account, DECISIONS.c.id
    ).limit(limit)
    return [_from_row(row, row.evidence) for row in connection.execute(ordered)]


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
