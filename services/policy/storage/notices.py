"""Notices: written with the decision, numbered for the outbox, once for each key."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from services.policy.domain.canonical import canonical, from_plain
from services.policy.domain.times import from_us, from_us_or_none, to_us
from services.policy.storage.counters import NOTICES as NOTICE_COUNTER
from services.policy.storage.counters import count_up
from services.policy.storage.rows import NoticeRow, table

NOTICES = table(NoticeRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeBody:
    """What a notice says, and the ends it names."""

    kind: str
    title_zh: str
    body_zh: str
    title_en: str
    body_en: str
    expire_time: datetime | None = None
    appeal_expire_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewNotice:
    """A notice to write."""

    key: str
    decision: str
    body: NoticeBody


@dataclass(frozen=True, slots=True)
class StoredNotice:
    """A notice as it is kept."""

    account: str
    sequence: int
    outbox_sequence: int
    key: str
    decision: str
    body: NoticeBody
    create_time: datetime
    hand_over_time: datetime | None
    acknowledge_time: datetime | None


def write(
    connection: Connection, account: str, notices: Sequence[NewNotice], now: datetime
) -> int:
    """Write those whose key is new; return how many were."""
    known = select(NOTICES.c.key).where(
        NOTICES.c.account == account, NOTICES.c.key.in_([n.key for n in notices])
    )
    written = set(connection.execute(known).scalars())
    new = [notice for notice in notices if notice.key not in written]
    if not new:
        return 0
    last = select(func.max(NOTICES.c.sequence)).where(NOTICES.c.account == account)
    first = (connection.execute(last).scalar() or 0) + 1
    outbox = count_up(connection, NOTICE_COUNTER, len(new))
    rows = [
        {
            "account": account,
            "sequence": first + place,
            "outbox_sequence": outbox + place,
            "key": notice.key,
            "decision": notice.decision,
            "create_us": to_us(now),
            "body": canonical(notice.body).decode(),
        }
        for place, notice in enumerate(new)
    ]
    connection.execute(insert(NOTICES), rows)
    return len(rows)


def page(
    connection: Connection, account: str, before: int | None, limit: int
) -> list[StoredNotice]:
    """Return up to *limit* notices to *account*, newest first, older than *before*."""
    found = select(NOTICES).where(NOTICES.c.account == account)
    if before is not None:
        found = found.where(NOTICES.c.sequence < before)
    ordered = found.order_by(NOTICES.c.sequence.desc()).limit(limit)
    return [_from_row(row) for row in connection.execute(ordered)]


def outbox(connection: Connection, after: int, limit: int) -> list[StoredNotice]:
    """Return notices to anybody after number *after* of the outbox, in order."""
    found = (
        select(NOTICES)
        .where(NOTICES.c.outbox_sequence > after)
        .order_by(NOTICES.c.outbox_sequence)
        .limit(limit)
    )
    return [_from_row(row) for row in connection.execute(found)]


def get(connection: Connection, account: str, sequence: int) -> StoredNotice | None:
    """Return one notice, or None."""
    found = select(NOTICES).where(
        NOTICES.c.account == account, NOTICES.c.sequence == sequence
    )
    row = connection.execute(found).one_or_none()
    return None if row is None else _from_row(row)


def note_handed_over(
    connection: Connection, account: str, sequence: int, now: datetime
) -> bool:
    """Note the hand-over; say whether it was the first."""
    changed = (
        update(NOTICES)
        .where(
            NOTICES.c.account == account,
            NOTICES.c.sequence == sequence,
            NOTICES.c.hand_over_us.is_(None),
        )
        .values(hand_over_us=to_us(now))
    )
    return connection.execute(changed).rowcount == 1


def note_read(
    connection: Connection, account: str, sequence: int, read_time: datetime
) -> None:
    """Note when the owner read it; the first time stays."""
    changed = (
        update(NOTICES)
        .where(
            NOTICES.c.account == account,
            NOTICES.c.sequence == sequence,
            NOTICES.c.acknowledge_us.is_(None),
        )
        .values(acknowledge_us=to_us(read_time))
    )
    connection.execute(changed)


def _from_row(row: Any) -> StoredNotice:
    return StoredNotice(
        account=row.account,
        sequence=row.sequence,
        outbox_sequence=row.outbox_sequence,
        key=row.key,
        decision=row.decision,
        body=from_plain(NoticeBody, json.loads(row.body)),
        create_time=from_us(row.create_us),
        hand_over_time=from_us_or_none(row.hand_over_us),
        acknowledge_time=from_us_or_none(row.acknowledge_us),
    )
