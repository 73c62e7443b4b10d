"""Cases: work for people. One is open for each key, however often it is asked for."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, tuple_, update

from services.policy.domain.canonical import canonical, from_plain
from services.policy.domain.cases import (
    Case,
    CaseOutcome,
    CaseState,
    answered_elsewhere,
    joined,
    key_of,
    open_case,
    without_report,
)
from services.policy.domain.tiers import CaseKind
from services.policy.domain.times import to_us
from services.policy.storage.rows import CaseRow, table
from services.runtime.errors import WriteConflict
from services.runtime.ids import content_id

CASES = table(CaseRow)
ASKED_ONCE = frozenset({CaseKind.LINEAGE})
"""The same question is put to people once: its answer does not change with time."""
ABOUT_DECISIONS = frozenset({CaseKind.BAN_CONFIRMATION, CaseKind.BAN_REVIEW})
"""Cases with nothing to ask once their decisions fell."""
FELL = "the decision was found wrong and is void"
ENDED = "a person decided about the account since"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseNews:
    """Something a person has to look at: a new case, or more for an open one."""

    kind: CaseKind
    account: str
    cluster: str = ""
    decision: str = ""
    """Resource name."""
    contents: tuple[str, ...] = ()
    report: str = ""
    """Resource name."""
    people_needed: int = 1


def tell(connection: Connection, news: CaseNews, now: datetime) -> str:
    """Open a case, or add *news* to the one that is open under its key; its id."""
    return open_about(connection, news, key_of(news.account, news.cluster), now)


def open_about(
    connection: Connection, news: CaseNews, about: str, now: datetime
) -> str:
    """Do so under a key of its own: a decision, where each is a case."""
    key = f"{news.kind}:{about}"
    found = select(CASES).where(CASES.c.open_key == key)
    row = connection.execute(found).one_or_none()
    if row is None and news.kind in ASKED_ONCE and was_asked(connection, news, about):
        return ""
    if row is None:
        case_id = content_id("case", key, str(to_us(now)))
        before = None
        case = open_case(case_id, news.kind, news.account, news.cluster, now)
        case = replace(case, key=about)
    else:
        before = case = from_row(row)
    grown = joined(
        case,
        account=news.account,
        decision=news.decision,
        contents=news.contents,
        report=news.report,
        people_needed=news.people_needed,
    )
    if before is None:
        connection.execute(insert(CASES).values(id=grown.id, **values_of(grown)))
    elif grown != before:
        save(connection, grown, before)
    return grown.id


def was_asked(connection: Connection, news: CaseNews, about: str) -> bool:
    """Say whether a person decided such a case before."""
    quoted = json.dumps({"key": about}, ensure_ascii=False, separators=(",", ":"))
    found = select(CASES.c.id).where(
        CASES.c.kind == news.kind.value,
        CASES.c.body.contains(quoted[1:-1], autoescape=True),
    )
    return connection.execute(found.limit(1)).first() is not None


def save(connection: Connection, case: Case, before: Case) -> None:
    """Write *case* over *before*. Raises WriteConflict where that is not the latest."""
    same = (CASES.c.id == case.id) & (CASES.c.version == before.version)
    changed = update(CASES).where(same).values(values_of(case))
    if connection.execute(changed).rowcount != 1:
        raise WriteConflict


def get(connection: Connection, case: str) -> Case | None:
    """Return one case, or None."""
    row = connection.execute(select(CASES).where(CASES.c.id == case)).one_or_none()
    return None if row is None else from_row(row)


def open_with(connection: Connection, quoted: str) -> list[Case]:
    """Return undecided cases that hold the text *quoted* by itself in their JSON."""
    found = select(CASES).where(
        CASES.c.open_key.is_not(None), CASES.c.body.contains(quoted, autoescape=True)
    )
    return [from_row(row) for row in connection.execute(found)]


def settle(
    connection: Connection, account: str, over: Mapping[str, CaseOutcome]
) -> None:
    """Settle *account* in the cases about decisions of it that no longer stand.

    *over* are these decisions by resource name, the latest to fall last.
    """
    about = json.dumps(f"accounts/{account}/decisions/", ensure_ascii=False)[:-1]
    for case in open_with(connection, about):
        if case.kind not in ABOUT_DECISIONS:
            continue
        outcomes = [over[name] for name in case.decisions if name in over]
        outcome = outcomes[-1] if outcomes else CaseOutcome.NO_ACTION
        reason = FELL if outcome is CaseOutcome.REJECTED else ENDED
        after = answered_elsewhere(case, account, over, outcome, reason)
        if after is not None:
            save(connection, after, case)


def take_back(connection: Connection, report: str) -> None:
    """Take a withdrawn report out of its case; without any the case is decided."""
    for case in open_with(connection, json.dumps(report, ensure_ascii=False)):
        after = without_report(case, report)
        if after is not None:
            save(connection, after, case)


def page(
    connection: Connection,
    kind: str | None,
    state: str | None,
    after: tuple[int, str] | None,
    limit: int,
) -> list[Case]:
    """Return up to *limit* cases, those due first first."""
    found = select(CASES)
    if kind is not None:
        found = found.where(CASES.c.kind == kind)
    if state is not None:
        found = found.where(CASES.c.state == state)
    if after is not None:
        found = found.where(tuple_(CASES.c.due_us, CASES.c.id) > after)
    ordered = found.order_by(CASES.c.due_us, CASES.c.id).limit(limit)
    return [from_row(row) for row in connection.execute(ordered)]


def of_kind(connection: Connection, kind: CaseKind) -> Iterator[Case]:
    """Return every case of *kind*."""
    found = select(CASES).where(CASES.c.kind == kind.value)
    return (from_row(row) for row in connection.execute(found))


def late(connection: Connection, now: datetime, limit: int) -> list[Case]:
    """Return cases whose time ran out undecided and that were not escalated yet."""
    waiting = (CaseState.OPEN.value, CaseState.CLAIMED.value)
    found = (
        select(CASES)
        .where(CASES.c.state.in_(waiting), CASES.c.due_us <= to_us(now))
        .order_by(CASES.c.due_us)
        .limit(limit)
    )
    return [from_row(row) for row in connection.execute(found)]


def place_of(case: Case) -> tuple[int, str]:
    """Return where `page` goes on after *case*."""
    return to_us(case.due_time), case.id


def values_of(case: Case) -> dict[str, Any]:
    """Return the columns of *case* but its id."""
    resolved = case.state is CaseState.RESOLVED
    return {
        "kind": case.kind.value,
        "state": case.state.value,
        "open_key": None if resolved else f"{case.kind}:{case.key}",
        "due_us": to_us(case.due_time),
        "version": case.version,
        "body": canonical(case).decode(),
    }


def from_row(row: Any) -> Case:
    """Read a case back."""
    case: Case = from_plain(Case, json.loads(row.body))
    return case
