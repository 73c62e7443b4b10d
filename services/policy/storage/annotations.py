"""The outbox of findings: written with what they follow from, gone once told."""

import json

from sqlalchemy import Connection, delete, select

from services.policy.domain.canonical import canonical, from_plain
from services.policy.domain.truths import Annotation
from services.policy.storage.rows import AnnotationRow, table
from services.runtime.database import insert_ignore

ANNOTATIONS = table(AnnotationRow)


def put(connection: Connection, account: str, annotation: Annotation) -> None:
    """Have accounts told of *annotation*, once for its key."""
    row = {
        "account": account,
        "key": annotation.key,
        "body": canonical(annotation).decode(),
    }
    insert_ignore(connection, ANNOTATIONS, [row])


def waiting(connection: Connection, limit: int) -> list[tuple[str, Annotation]]:
    """Return up to *limit* annotations that were not told yet, with their account."""
    order = (ANNOTATIONS.c.account, ANNOTATIONS.c.key)
    rows = connection.execute(select(ANNOTATIONS).order_by(*order).limit(limit))
    return [(row.account, from_plain(Annotation, json.loads(row.body))) for row in rows]


def told(connection: Connection, account: str, key: str) -> None:
    """Forget what was told."""
    same = (ANNOTATIONS.c.account == account) & (ANNOTATIONS.c.key == key)
    connection.execute(delete(ANNOTATIONS).where(same))
