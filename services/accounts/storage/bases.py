"""Retention: activities leave the log, and what they add up to stays.

A base is the fold of what left. Folding the rest of the log into it gives the
same bytes as folding all of it, because a fold depends on the set of facts
alone.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select, tuple_

from services.accounts.arrivals import ScoreState
from services.accounts.domain.activities import Activity
from services.accounts.domain.fingerprints import Fingerprint
from services.accounts.domain.state import Facts
from services.accounts.domain.times import from_us
from services.accounts.storage import fingerprints, profiles
from services.accounts.storage.activities import ACTIVITIES, CHUNK, COLUMNS, Logged
from services.accounts.storage.ingest import folded
from services.accounts.storage.references import FINDINGS, VERSIONS, latest
from services.accounts.storage.requests import REQUESTS
from services.accounts.storage.rows import table
from services.accounts.storage.rows_apart import BaseRow
from services.accounts.storage.scores import SCORES, of_activities
from services.runtime.database import insert
from services.runtime.errors import Kind, ServiceError

BASES = table(BaseRow)
WAITING = (ScoreState.PENDING.value, ScoreState.DEAD_LETTER.value)
"""Activities whose texts are still to be scored, or erased, stay."""


class HistoryPruned(ServiceError):
    """The instant lies before what retention kept."""

    kind = Kind.OUT_OF_RANGE
    reason = "HISTORY_PRUNED"

    def __init__(self, account: str, until_us: int) -> None:
        kept = from_us(until_us).isoformat()
        text = f"activities of accounts/{account} up to {kept} were pruned"
        super().__init__(text, name=f"accounts/{account}", pruned_until=kept)


@dataclass(frozen=True, slots=True)
class Base:
    """What left the log of an account adds up to."""

    until_us: int = 0
    activity_count: int = 0
    state: bytes = b""


def of_account(
    connection: Connection, account: str, until_us: int | None = None
) -> bytes:
    """Return the base of an account; HistoryPruned if it goes beyond an instant."""
    base = _base(connection, account)
    if until_us is not None and base.until_us > until_us:
        raise HistoryPruned(account, base.until_us)
    return base.state


def prunable(
    connection: Connection, accounts: Collection[str], before_us: int
) -> dict[str, int]:
    """Return how many activities of each of *accounts* may leave."""
    found: dict[str, int] = {}
    names = sorted(accounts)
    for start in range(0, len(names), CHUNK):
        query = (
            select(ACTIVITIES.c.account, func.count())
            .where(
                ACTIVITIES.c.account.in_(names[start : start + CHUNK]),
                ACTIVITIES.c.event_us < before_us,
                ACTIVITIES.c.score_state.not_in(WAITING),
            )
            .group_by(ACTIVITIES.c.account)
        )
        found.update((name, count) for name, count in connection.execute(query))
    return found


def prune(
    connection: Connection,
    account: str,
    before_us: int,
    limit: int,
    remember: Callable[[bytes, Fingerprint | None], Activity],
) -> int:
    """Let up to *limit* activities from before an instant leave, oldest first.

    Returns how many did. The profile stays as it is, byte for byte.
    """
    profiles.profiles(connection, [account], lock=True)  # nobody else folds meanwhile
    query = (
        select(*COLUMNS)
        .where(
            ACTIVITIES.c.account == account,
            ACTIVITIES.c.event_us < before_us,
            ACTIVITIES.c.score_state.not_in(WAITING),
        )
        .order_by(ACTIVITIES.c.event_us, ACTIVITIES.c.id)
        .limit(limit)
    )
    leaving = [Logged(*row) for row in connection.execute(query)]
    if not leaving:
        return 0
    keys = [entry.key for entry in leaving]
    scores = of_activities(connection, keys)
    facts = Facts(
        [remember(e.facts, fingerprints.from_bytes(e.fingerprint)) for e in leaving],
        [score for found in scores.values() for score in found if not score.shadow],
    )
    before = _base(connection, account)
    _keep(
        connection,
        account,
        Base(
            max(before.until_us, leaving[-1].event_us),
            before.activity_count + len(leaving),
            folded(before.state, facts),
        ),
    )
    _delete(connection, keys)
    return len(leaving)


def forget_versions(connection: Connection, before_us: int) -> int:
    """Drop what no profile as of an instant or later takes; return how many rows."""
    later = FINDINGS.alias()
    superseded = (
        select(later.c.account)
        .where(
            later.c.account == FINDINGS.c.account,
            later.c.version_us > FINDINGS.c.version_us,
            later.c.version_us <= before_us,
        )
        .exists()
    )
    stands = select(func.max(VERSIONS.c.version_us)).where(
        VERSIONS.c.version_us <= before_us
    )
    newest = latest(connection)
    old = [
        delete(FINDINGS).where(FINDINGS.c.version_us < before_us, superseded),
        delete(VERSIONS).where(
            VERSIONS.c.version_us < stands.scalar_subquery(),
            VERSIONS.c.version_us < newest,
        ),
        delete(REQUESTS).where(REQUESTS.c.create_us < before_us),
    ]
    return sum(connection.execute(each).rowcount for each in old)


def _base(connection: Connection, account: str) -> Base:
    query = select(BASES.c.until_us, BASES.c.activity_count, BASES.c.state).where(
        BASES.c.account == account
    )
    row = connection.execute(query).one_or_none()
    return Base() if row is None else Base(*row)


def _keep(connection: Connection, account: str, base: Base) -> None:
    changed = {name: getattr(base, name) for name in Base.__slots__}
    statement = insert(connection, BASES).values(account=account, **changed)
    upsert = statement.on_conflict_do_update(
        index_elements=[BASES.c.account], set_=changed
    )
    connection.execute(upsert)


def _delete(connection: Connection, keys: Collection[tuple[str, str]]) -> None:
    ordered = sorted(keys)
    for start in range(0, len(ordered), CHUNK):
        some = ordered[start : start + CHUNK]
        scored = tuple_(SCORES.c.account, SCORES.c.activity).in_(some)
        connection.execute(delete(SCORES).where(scored))
        logged = tuple_(ACTIVITIES.c.account, ACTIVITIES.c.id).in_(some)
        connection.execute(delete(ACTIVITIES).where(logged))
