"""What an operator watches of policy, looked up together."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, func, select

from services.policy.domain.appeals import AppealState
from services.policy.domain.cases import DECIDE_WITHIN, CaseState
from services.policy.domain.tiers import CaseKind
from services.policy.domain.times import from_us, from_us_or_none, to_us
from services.policy.storage import appeals
from services.policy.storage.rows import (
    AnnotationRow,
    AppealRow,
    BreakerRow,
    CaseRow,
    NoticeRow,
    StandingRow,
    table,
)

CASES = table(CaseRow)
APPEALS = table(AppealRow)
BREAKERS = table(BreakerRow)
NOTICES = table(NoticeRow)
ANNOTATIONS = table(AnnotationRow)
STANDINGS = table(StandingRow)

COUNTED = 100_000
"""More are not counted: how many more changes nothing about what to do."""
LATEST = 5_000
"""Notices, the newest, among which those not handed over are looked for."""
DUE_FIRST = 100


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many wait, and since when the oldest does."""

    count: int = 0
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """How things are now."""

    cases: Mapping[CaseKind, Waiting]
    appeals: Waiting
    late_appeals: int
    breakers: Mapping[str, bool]
    notices: Waiting
    findings: int
    sweep_due: datetime | None
    """When the standing was due that waits longest for its sweep."""


def sample(connection: Connection, now: datetime) -> Sample:
    """Return how things are; all of one snapshot."""
    open_appeals = APPEALS.c.state.in_((AppealState.OPEN, AppealState.CLAIMED))
    late = open_appeals & (APPEALS.c.due_us <= to_us(now))
    due = select(func.min(STANDINGS.c.due_us)).where(STANDINGS.c.due_us <= to_us(now))
    found = connection.execute(select(BREAKERS.c.name, BREAKERS.c.is_open))
    return Sample(
        cases=_cases(connection),
        appeals=_appeals(connection, select(APPEALS).where(open_appeals)),
        late_appeals=_count(connection, select(APPEALS.c.id).where(late)),
        breakers={row.name: row.is_open for row in found},
        notices=_notices(connection),
        findings=_count(connection, select(ANNOTATIONS.c.account)),
        sweep_due=from_us_or_none(connection.execute(due).scalar_one()),
    )


def _cases(connection: Connection) -> dict[CaseKind, Waiting]:
    """Return the undecided ones by kind; each was opened its term before it is due."""
    undecided = (CaseState.OPEN, CaseState.CLAIMED, CaseState.ESCALATED)
    query = (
        select(CASES.c.kind, func.count(), func.min(CASES.c.due_us))
        .where(CASES.c.state.in_(undecided))
        .group_by(CASES.c.kind)
    )
    return {
        CaseKind(kind): Waiting(count, from_us(due_us) - DECIDE_WITHIN[CaseKind(kind)])
        for kind, count, due_us in connection.execute(query)
    }


def _appeals(connection: Connection, unanswered: Select[tuple[object, ...]]) -> Waiting:
    """Return the unanswered ones; the oldest is looked for among those due first."""
    first = unanswered.order_by(APPEALS.c.due_us).limit(DUE_FIRST)
    times = [appeals.from_row(row).create_time for row in connection.execute(first)]
    return Waiting(_count(connection, unanswered), min(times, default=None))


def _notices(connection: Connection) -> Waiting:
    """Return those of the newest that were not handed over."""
    newest = (
        select(NOTICES.c.create_us, NOTICES.c.hand_over_us)
        .order_by(NOTICES.c.outbox_sequence.desc())
        .limit(LATEST)
        .subquery()
    )
    query = select(func.count(), func.min(newest.c.create_us)).where(
        newest.c.hand_over_us.is_(None)
    )
    count, oldest_us = connection.execute(query).one()
    return Waiting(count, from_us_or_none(oldest_us))


def _count(connection: Connection, query: Select[tuple[object, ...]]) -> int:
    some = query.limit(COUNTED).subquery()
    return connection.execute(select(func.count()).select_from(some)).scalar_one()
