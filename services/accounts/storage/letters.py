"""Dead letters: tried anew, or their texts erased."""

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import Connection

from services.accounts.arrivals import ScoreState
from services.accounts.storage import activities, audit, texts
from services.accounts.storage.activities import Key
from services.accounts.storage.audit import Act


def resolve(
    connection: Connection,
    keys: Collection[Key],
    retry_us: int | None,
    audited: tuple[Act, int],
) -> int:
    """Let those of *keys* that are dead be tried from *retry_us*; None erases.

    *audited* is written down with it: the act, and when it was.
    """
    dead = texts.dead_keys(connection, keys)
    if retry_us is None:
        texts.erase(connection, dead)
        activities.set_score_state(connection, dead, ScoreState.ERASED)
    else:
        texts.revive(connection, dead, retry_us)
        activities.set_score_state(connection, dead, ScoreState.PENDING)
    act, now_us = audited
    audit.note(connection, replace(act, detail=str(len(dead))), now_us)
    return len(dead)
