"""Truths found about accounts, and models barred: once per request id."""

from dataclasses import dataclass

from sqlalchemy import Connection

from services.accounts.storage import accounts, audit, models, profiles
from services.accounts.storage.audit import Act
from services.accounts.storage.requests import ANSWERS
from services.runtime.requests import Request

CHUNK = 500


@dataclass(frozen=True, slots=True)
class Truth:
    """What was found to be true about an account."""

    account: str
    truth: int
    source: str
    decision: str
    since_us: int | None


@dataclass(frozen=True, slots=True)
class Quarantine:
    """A model whose scores shall count for nothing, or count again."""

    model_digest: str
    reason: str
    lift: bool


def annotate(
    connection: Connection, truth: Truth, request: Request, now_us: int
) -> int | None:
    """Keep *truth*; return the revision after it, None for an unknown account."""
    first = ANSWERS.get(connection, request)
    if first is not None:
        return int(first)
    if truth.account not in accounts.told(connection, [truth.account]):
        return None
    row = {
        "account": truth.account,
        "id": request.request_id,
        "truth": truth.truth,
        "source": truth.source,
        "decision": truth.decision,
        "since_us": truth.since_us,
        "create_us": now_us,
    }
    models.annotate(connection, row)
    revision = profiles.touch(connection, [truth.account], now_us)[truth.account]
    ANSWERS.keep(connection, request, b"%d" % revision, now_us)
    return revision


def quarantine(
    connection: Connection,
    wanted: Quarantine,
    request: Request,
    act: Act,
    now_us: int,
) -> int:
    """Bar a model or lift that, and tell followers of what relied on it."""
    first = ANSWERS.get(connection, request)
    if first is not None:
        return int(first)
    digest = wanted.model_digest
    if wanted.lift:
        moved = models.lift(connection, digest)
    else:
        moved = models.quarantine(connection, digest, wanted.reason, now_us)
    count, after = 0, ""
    while moved:
        found = profiles.accounts_of(connection, digest, after, CHUNK)
        profiles.touch(connection, found, now_us)
        count += len(found)
        if len(found) < CHUNK:
            break
        after = found[-1]
    audit.note(connection, act, now_us)
    ANSWERS.keep(connection, request, b"%d" % count, now_us)
    return count
