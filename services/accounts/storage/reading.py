"""All that a profile is derived from, read on one snapshot."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from sqlalchemy import Connection, select

from services.accounts.domain.activities import Activity
from services.accounts.domain.evidence import ReportSummary
from services.accounts.domain.fingerprints import Fingerprint, content_key
from services.accounts.domain.state import Facts
from services.accounts.storage import (
    accounts,
    activities,
    bases,
    fingerprints,
    models,
    profiles,
    references,
    reports,
    scores,
    texts,
)
from services.accounts.storage.accounts import Told
from services.accounts.storage.activities import ACTIVITIES
from services.accounts.storage.ingest import folded
from services.accounts.storage.profiles import Held
from services.accounts.storage.references import NOTHING, Finding

Remember = Callable[[bytes, Fingerprint | None], Activity]
"""Turns the facts in the log back into the activity they were."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of one account; `models` are the digests that count."""

    held: Held
    told: Told
    reports: ReportSummary
    waiting: int
    models: tuple[str, ...]
    quarantined: frozenset[str]
    version_us: int = 0
    """The version of what other accounts say; 0 = there is none."""
    finding: Finding = NOTHING


def kept(
    connection: Connection, names: Collection[str], until_us: int | None = None
) -> dict[str, Kept]:
    """Return what is kept of those of *names* that are known and not erased.

    With *until_us*, other accounts say what they did at that instant.
    """
    held = profiles.profiles(connection, names)
    told = accounts.told(connection, names)
    heard = reports.summaries(connection, told)
    waiting = texts.waiting_counts(connection, told)
    barred = models.quarantined(connection)
    counted = profiles.models_of(connection, told)
    others = references.attached(connection, told, until_us)
    return {
        name: Kept(
            held.get(name) or Held(name),
            known,
            heard.get(name) or ReportSummary(),
            waiting.get(name, 0),
            tuple(each for each in counted.get(name, ()) if each not in barred),
            barred,
            others.version_us,
            others.findings.get(name, NOTHING),
        )
        for name, known in told.items()
    }


def rebuilt(
    connection: Connection, name: str, remember: Remember, until_us: int | None = None
) -> bytes:
    """Return the state that the log of an account adds up to.

    With *until_us*, of what happened up to and with that instant. What
    retention let go is in it; HistoryPruned where that was later.
    """
    base = bases.of_account(connection, name, until_us)
    entries = activities.history(connection, name, until_us)
    found = scores.of_account(connection, name, until_us)
    if not entries and not found:
        return base
    acts = [remember(e.facts, fingerprints.from_bytes(e.fingerprint)) for e in entries]
    live = [score for score in found if not score.shadow]
    return folded(base, Facts(activities=acts, scores=live))


def is_reproduced(connection: Connection, name: str, remember: Remember) -> bool:
    """Say whether the log adds up to the state that is kept, byte for byte."""
    return (
        rebuilt(connection, name, remember) == profiles.profile(connection, name).state
    )


def kept_as_of(
    connection: Connection, name: str, remember: Remember, until_us: int
) -> Kept | None:
    """Return what was kept of an account at an instant, from what is known now."""
    found = kept(connection, [name], until_us).get(name)
    if found is None:
        return None
    state = rebuilt(connection, name, remember, until_us)
    heard = reports.summaries(connection, [name], until_us)
    return replace(
        found,
        held=found.held._replace(state=state),
        reports=heard.get(name) or ReportSummary(),
    )


def content_ids(
    connection: Connection, name: str, times_us: Collection[int], remember: Remember
) -> dict[bytes, str]:
    """Return ids of contents of an account that were written at *times_us*."""
    if not times_us:
        return {}
    query = select(ACTIVITIES.c.facts).where(
        ACTIVITIES.c.account == name, ACTIVITIES.c.event_us.in_(sorted(times_us))
    )
    ids = (remember(facts, None).content_id for facts in connection.scalars(query))
    return {content_key(content): content for content in ids}
