"""Models whose scores count for nothing, and truths found about accounts."""

from collections.abc import Mapping

from sqlalchemy import Connection, delete, select

from services.accounts.storage.rows import AnnotationRow, QuarantineRow, table
from services.runtime.database import insert_ignore

QUARANTINED = table(QuarantineRow)
ANNOTATIONS = table(AnnotationRow)


def quarantined(connection: Connection) -> frozenset[str]:
    """Return the digests of models in quarantine."""
    return frozenset(connection.scalars(select(QUARANTINED.c.model_digest)))


def quarantine(
    connection: Connection, model_digest: str, reason: str, now_us: int
) -> bool:
    """Put a model in quarantine; return whether it was not there."""
    row = {
        "model_digest": model_digest,
        "reason": reason.encode(),
        "create_us": now_us,
    }
    return insert_ignore(connection, QUARANTINED, [row]) == 1


def lift(connection: Connection, model_digest: str) -> bool:
    """Let a model count again; return whether it was in quarantine."""
    chosen = delete(QUARANTINED).where(QUARANTINED.c.model_digest == model_digest)
    return connection.execute(chosen).rowcount == 1


def annotate(connection: Connection, row: Mapping[str, object]) -> None:
    """Keep what was found to be true about an account."""
    insert_ignore(connection, ANNOTATIONS, [row])
