"""What applies to single pieces of content, by account and content."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select, tuple_

from services.policy.storage.rows import MeasureRow, table
from services.runtime.database import insert

MEASURES = table(MeasureRow)


@dataclass(frozen=True, slots=True)
class StoredMeasure:
    """What applies to one piece of content."""

    account: str
    content: str
    label: str
    recommended: bool
    decision: str


def put(connection: Connection, measures: Sequence[StoredMeasure]) -> None:
    """Write *measures*, each in the place of what applied before."""
    if not measures:
        return
    rows = [
        {
            "account": measure.account,
            "content": measure.content,
            "label": measure.label,
            "recommended": measure.recommended,
            "decision": measure.decision,
        }
        for measure in measures
    ]
    statement = insert(connection, MEASURES)
    new = statement.excluded
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["account", "content"],
            set_={
                "label": new.label,
                "recommended": new.recommended,
                "decision": new.decision,
            },
        ),
        rows,
    )


def get_many(
    connection: Connection, keys: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], StoredMeasure]:
    """Return the measures among *keys*, (account, content) each."""
    pair = tuple_(MEASURES.c.account, MEASURES.c.content)
    rows = connection.execute(select(MEASURES).where(pair.in_(keys)))
    return {(row.account, row.content): StoredMeasure(*row) for row in rows}
