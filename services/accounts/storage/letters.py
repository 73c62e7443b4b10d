"""Dead letters: tried anew, or their texts erased."""

from collections.abc import Collection

from sqlalchemy import Connection

from services.accounts.arrivals import ScoreState
from services.accounts.storage import activities, texts
from services.accounts.storage.activities import Key


def resolve(connection: Connection, keys: Collection[Key], retry_us: int | None) -> int:
    """Let those of *keys* that are dead be tried from *retry_us*; None erases."""
    dead = texts.dead_keys(connection, keys)
    if retry_us is None:
        texts.erase(connection, dead)
        activities.set_score_state(connection, dead, ScoreState.ERASED)
    else:
        texts.revive(connection, dead, retry_us)
        activities.set_score_state(connection, dead, ScoreState.PENDING)
    return len(dead)
