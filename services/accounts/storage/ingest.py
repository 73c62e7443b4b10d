"""Recording a batch: log, pending texts, profiles and feed in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert

from services.accounts.arrivals import Arrival, ScoreState, is_hard
from services.accounts.domain.state import Facts, ProfileState, fold
from services.accounts.storage import accounts, activities, fingerprints, profiles
from services.accounts.storage.activities import Key, Logged
from services.accounts.storage.profiles import Changed, Held
from services.accounts.storage.texts import TEXTS
from services.runtime.bulk import Values

_PENDING = ScoreState.PENDING.value
_NOT_APPLICABLE = ScoreState.NOT_APPLICABLE.value


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a batch is recorded; times in microseconds.

    Its texts are not scored by others before `due_us`, on the machine's own
    clock: until then they belong to `claim`.
    """

    now_us: int
    due_us: int
    claim: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an activity. `conflict`: its id is taken by another."""

    revision: int
    score_state: ScoreState
    duplicate: bool = False
    conflict: bool = False


def record(
    connection: Connection, arrivals: Sequence[Arrival], terms: Terms
) -> list[Receipt]:
    """Record *arrivals*; repeats get their first receipt, nothing twice."""
    fresh: dict[Key, Arrival] = {}
    for arrival in arrivals:
        fresh.setdefault(arrival.key, arrival)
    held = profiles.profiles(connection, {key[0] for key in fresh}, lock=True)
    revisions = {key[0]: 1 for key in fresh}
    revisions |= {account: found.revision + 1 for account, found in held.items()}
    rows = [
        _row(arrival, revisions[key[0]], terms.now_us) for key, arrival in fresh.items()
    ]
    known: dict[Key, Logged] = {}
    if not activities.append(connection, rows):
        known = _known_before(connection, fresh, revisions)
    new = [arrival for key, arrival in fresh.items() if key not in known]
    _keep_texts(connection, new, terms)
    _keep_profiles(connection, new, held, terms.now_us)
    if not known and len(fresh) == len(arrivals):
        return _first_receipts(arrivals, revisions)
    return [_receipt(arrival, fresh, known, revisions) for arrival in arrivals]


def _first_receipts(
    arrivals: Sequence[Arrival], revisions: Mapping[str, int]
) -> list[Receipt]:
    """Return receipts of a batch that is all new; those of one account are alike."""
    plain, waiting = ScoreState.NOT_APPLICABLE, ScoreState.PENDING
    unscored = {a: Receipt(revision, plain) for a, revision in revisions.items()}
    pending = {a: Receipt(revision, waiting) for a, revision in revisions.items()}
    return [
        (pending if arrival.text else unscored)[arrival.activity.account]
        for arrival in arrivals
    ]


def _row(arrival: Arrival, revision: int, now_us: int) -> Values:
    """Return the values of a row of the log, in the order of `Logged`."""
    activity = arrival.activity
    return (
        activity.account,
        activity.id,
        activity.event_us,
        now_us,
        revision,
        _PENDING if arrival.text else _NOT_APPLICABLE,
        arrival.digest,
        arrival.facts,
        activity.text_length,
        fingerprints.to_bytes(activity.fingerprint),
    )


def _known_before(
    connection: Connection,
    fresh: Mapping[Key, Arrival],
    revisions: Mapping[str, int],
) -> dict[Key, Logged]:
    """Return what was in the log before: only this batch has the next revision."""
    found = activities.logged(connection, fresh.keys())
    return {
        key: entry for key, entry in found.items() if entry.revision < revisions[key[0]]
    }


def _keep_texts(connection: Connection, new: Sequence[Arrival], terms: Terms) -> None:
    rows = [
        {
            "account": arrival.activity.account,
            "activity": arrival.activity.id,
            "content": arrival.activity.content_id,
            "text_us": arrival.activity.event_us,
            "text": arrival.text.encode(),
            "due_us": terms.due_us,
            "claim": terms.claim,
            "attempts": 0,
            "dead": False,
            "attempt_us": 0,
            "error": b"",
        }
        for arrival in new
        if arrival.text
    ]
    if rows:
        connection.execute(insert(TEXTS), rows)


def _keep_profiles(
    connection: Connection,
    new: Sequence[Arrival],
    held: Mapping[str, Held],
    now_us: int,
) -> None:
    by_account: dict[str, list[Arrival]] = {}
    for arrival in new:
        by_account.setdefault(arrival.activity.account, []).append(arrival)
    changed, unseen = [], []
    for account, arrived in by_account.items():
        before = held.get(account)
        if before is None or before.erased:
            unseen.append(account)
        before = profiles.revived(before or Held(account))
        facts = Facts(activities=[arrival.activity for arrival in arrived])
        urgent = any(is_hard(arrival.activity) for arrival in arrived)
        changed.append(Changed(before, folded(before.state, facts), urgent=urgent))
    accounts.introduce(connection, unseen, now_us)
    profiles.keep(connection, changed, now_us)


def folded(state: bytes, facts: Facts) -> bytes:
    """Fold *facts* into a packed state; empty bytes are the state of nobody."""
    opened = ProfileState.from_bytes(state) if state else ProfileState.empty()
    return fold(opened, facts).to_bytes()


def _receipt(
    arrival: Arrival,
    fresh: Mapping[Key, Arrival],
    known: Mapping[Key, Logged],
    revisions: Mapping[str, int],
) -> Receipt:
    key = arrival.key
    if before := known.get(key):
        state = ScoreState(before.score_state)
        same = before.digest in (arrival.digest, *arrival.other_digests)
        return Receipt(before.revision, state, duplicate=same, conflict=not same)
    first = fresh[key]
    state = ScoreState.PENDING if first.text else ScoreState.NOT_APPLICABLE
    return Receipt(
        revisions[key[0]],
        state,
        duplicate=first is not arrival and first.digest == arrival.digest,
        conflict=first.digest != arrival.digest,
    )
