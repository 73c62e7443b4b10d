"""Keeping what the detector said: scores, profiles, and texts forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from services.accounts.arrivals import ScoreState
from services.accounts.domain.activities import Score
from services.accounts.domain.state import Facts
from services.accounts.storage import activities, profiles, scores, texts
from services.accounts.storage.activities import Key
from services.accounts.storage.ingest import folded
from services.accounts.storage.profiles import Changed, Held
from services.accounts.storage.scores import Scored
from services.accounts.storage.texts import Failure


@dataclass(frozen=True, slots=True)
class Harvest:
    """What came back for texts that *claim* holds."""

    claim: str
    scored: dict[Key, tuple[Score, ...]]
    failures: Sequence[Failure]


def settle(
    connection: Connection, harvest: Harvest, now_us: int, attempt_us: int
) -> dict[str, int]:
    """Keep the scores of texts that are still claimed, and forget those texts.

    Returns the new revision of each account that changed.
    """
    keys = harvest.scored.keys() | {failure.key for failure in harvest.failures}
    mine = texts.held(connection, harvest.claim, keys)
    kept = {key: found for key, found in harvest.scored.items() if key in mine}
    failures = [failure for failure in harvest.failures if failure.key in mine]
    texts.note_failures(connection, failures, attempt_us)
    dead = [failure.key for failure in failures if failure.dead]
    activities.set_score_state(connection, dead, ScoreState.DEAD_LETTER)
    texts.erase(connection, kept)
    activities.set_score_state(connection, kept, ScoreState.SCORED)
    scores.append(
        connection,
        [Scored(*key, score) for key, found in kept.items() for score in found],
    )
    return _fold(connection, kept, now_us)


def _fold(
    connection: Connection, kept: dict[Key, tuple[Score, ...]], now_us: int
) -> dict[str, int]:
    by_account: dict[str, list[Score]] = {}
    for (account, _), found in kept.items():
        live = [score for score in found if not score.shadow]
        by_account.setdefault(account, []).extend(live)
    profiles.count_models(
        connection,
        {(a, score.model_digest) for a, found in by_account.items() for score in found},
    )
    held = profiles.profiles(connection, by_account, lock=True)
    changed = []
    for account, live in by_account.items():
        before = held.get(account) or Held(account)
        if before.erased:
            continue
        state = folded(before.state, Facts(scores=live))
        changed.append(Changed(before, state))
    profiles.keep(connection, changed, now_us)
    return {change.held.account: change.held.revision + 1 for change in changed}
