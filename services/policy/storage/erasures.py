"""Everything about one account, taken out; a tombstone stays that names nobody."""

import json
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update

from services.policy.callers import Caller
from services.policy.domain.cases import Case, without
from services.policy.storage import audit, cases, posts
from services.policy.storage.rows import (
    AnnotationRow,
    AppealRow,
    AuditRow,
    CaseRow,
    DecisionRow,
    IdentityKeyRow,
    LogRow,
    MeasureRow,
    NoticeRow,
    ShadowFlipRow,
    StandingRow,
    table,
)

OWNED = tuple(
    table(row)
    for row in (
        AnnotationRow,
        AppealRow,
        IdentityKeyRow,
        DecisionRow,
        LogRow,
        MeasureRow,
        NoticeRow,
        ShadowFlipRow,
        StandingRow,
    )
)
AUDIT = table(AuditRow)
CASES = table(CaseRow)
LOG = table(LogRow)
FEED = "accounts"
NOBODY = "accounts/-"


def erase(connection: Connection, account: str, now: datetime) -> None:
    """Erase *account*. Its log goes as a whole, so no chain is left with a gap."""
    counted = select(func.count()).where(LOG.c.account == account)
    entries = connection.execute(counted).scalar_one()
    rows = sum(
        connection.execute(delete(owned).where(owned.c.account == account)).rowcount
        for owned in OWNED
    )
    posts.erase(connection, account)
    name = f"accounts/{account}"
    beneath = AUDIT.c.subject.startswith(f"{name}/", autoescape=True)
    about = (AUDIT.c.subject == name) | beneath
    # Who looked stays on record; at whom does not.
    connection.execute(update(AUDIT).where(about).values(subject=NOBODY))
    rows += erase_from_cases(connection, account)
    if rows:
        detail = json.dumps({"log_entries": entries})
        audit.note(connection, Caller(FEED, now), "EraseAccount", NOBODY, detail)


def erase_from_cases(connection: Connection, account: str) -> int:
    """Take *account* out of its cases; one about nobody else goes. Returns how many."""
    # Bodies are JSON: the quoted id finds the few to read.
    quoted = json.dumps(account, ensure_ascii=False)
    found = select(CASES).where(CASES.c.body.contains(quoted, autoescape=True))
    touched = [cases.from_row(row) for row in connection.execute(found)]
    about = [case for case in touched if account in case.accounts]
    for case in about:
        erase_from(connection, case, account)
    return len(about)


def erase_from(connection: Connection, case: Case, account: str) -> None:
    """Take *account* out of one case."""
    left = without(case, account)
    if left is None:
        connection.execute(delete(CASES).where(CASES.c.id == case.id))
    else:
        cases.save(connection, left, case)
