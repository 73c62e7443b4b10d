"""Texts that wait for the detector. One worker at a time holds a text."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select, tuple_, update

from services.accounts.storage.activities import CHUNK, Key
from services.accounts.storage.rows import PendingTextRow, table

TEXTS = table(PendingTextRow)
BY_KEY = tuple_(TEXTS.c.account, TEXTS.c.activity)


@dataclass(frozen=True, slots=True)
class PendingText:
    """A text to be scored: `content` is what it is a version of."""

    account: str
    activity: str
    content: str
    text_us: int
    text: str
    attempts: int = 0

    @property
    def key(self) -> Key:
        """Account and id of the activity."""
        return self.account, self.activity


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A text that could not be scored, without the text."""

    account: str
    activity: str
    attempts: int
    attempt_us: int
    error: bytes


def claim_due(
    connection: Connection, claim: str, now_us: int, until_us: int, limit: int
) -> list[PendingText]:
    """Take up to *limit* texts that are due, until *until_us*, oldest first."""
    due = (
        select(TEXTS.c.account, TEXTS.c.activity)
        .where(TEXTS.c.dead.is_(False), TEXTS.c.due_us <= now_us)
        .order_by(TEXTS.c.due_us)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    keys = [(account, activity) for account, activity in connection.execute(due)]
    if not keys:
        return []
    taken = update(TEXTS).where(BY_KEY.in_(keys)).values(claim=claim, due_us=until_us)
    connection.execute(taken)
    query = select(
        TEXTS.c.account,
        TEXTS.c.activity,
        TEXTS.c.content,
        TEXTS.c.text_us,
        TEXTS.c.text,
        TEXTS.c.attempts,
    ).where(BY_KEY.in_(keys))
    return [
        PendingText(account, activity, content, text_us, text.decode(), attempts)
        for account, activity, content, text_us, text, attempts in connection.execute(
            query
        )
    ]


def held(connection: Connection, claim: str, keys: Collection[Key]) -> set[Key]:
    """Return those of *keys* that *claim* still holds, and lock them."""
    if not keys:
        return set()
    query = (
        select(TEXTS.c.account, TEXTS.c.activity)
        .where(BY_KEY.in_(sorted(keys)), TEXTS.c.claim == claim)
        .with_for_update()
    )
    return {(account, activity) for account, activity in connection.execute(query)}


def erase(connection: Connection, keys: Collection[Key]) -> None:
    """Forget the texts of *keys*."""
    ordered = sorted(keys)
    for start in range(0, len(ordered), CHUNK):
        chosen = BY_KEY.in_(ordered[start : start + CHUNK])
        connection.execute(delete(TEXTS).where(chosen))


def put_back(connection: Connection, claim: str, due_us: int) -> None:
    """Give up all that *claim* still holds, to be tried again at *due_us*."""
    mine = update(TEXTS).where(TEXTS.c.claim == claim)
    connection.execute(mine.values(claim="", due_us=due_us))


@dataclass(frozen=True, slots=True)
class Failure:
    """A text that the detector refused: try again at `due_us`, or give up."""

    key: Key
    error: bytes
    due_us: int
    dead: bool


def note_failures(
    connection: Connection, failures: Sequence[Failure], now_us: int
) -> None:
    """Count an attempt for each of *failures*."""
    for failure in failures:
        connection.execute(
            update(TEXTS)
            .where(BY_KEY.in_([failure.key]))
            .values(
                attempts=TEXTS.c.attempts + 1,
                attempt_us=now_us,
                error=failure.error,
                dead=failure.dead,
                due_us=failure.due_us,
                claim="",
            )
        )


def waiting_counts(connection: Connection, accounts: Collection[str]) -> dict[str, int]:
    """Return how many texts of each of *accounts* wait; dead ones do not."""
    query = (
        select(TEXTS.c.account, func.count().label("waiting"))
        .where(TEXTS.c.account.in_(sorted(accounts)), TEXTS.c.dead.is_(False))
        .group_by(TEXTS.c.account)
    )
    return {row.account: row.waiting for row in connection.execute(query)}


def dead_letters(
    connection: Connection, after: tuple[int, str, str] | None, limit: int
) -> list[DeadLetter]:
    """Return up to *limit* dead letters, oldest first, later than *after*."""
    order = tuple_(TEXTS.c.attempt_us, TEXTS.c.account, TEXTS.c.activity)
    query = select(
        TEXTS.c.account,
        TEXTS.c.activity,
        TEXTS.c.attempts,
        TEXTS.c.attempt_us,
        TEXTS.c.error,
    ).where(TEXTS.c.dead.is_(True))
    if after is not None:
        query = query.where(order > after)
    query = query.order_by(TEXTS.c.attempt_us, TEXTS.c.account, TEXTS.c.activity)
    return [DeadLetter(*row) for row in connection.execute(query.limit(limit))]


def dead_keys(connection: Connection, keys: Collection[Key]) -> list[Key]:
    """Return those of *keys* that are dead letters, and lock them."""
    found: list[Key] = []
    ordered = sorted(set(keys))
    for start in range(0, len(ordered), CHUNK):
        query = (
            select(TEXTS.c.account, TEXTS.c.activity)
            .where(BY_KEY.in_(ordered[start : start + CHUNK]), TEXTS.c.dead.is_(True))
            .with_for_update()
        )
        found.extend(
            (account, activity) for account, activity in connection.execute(query)
        )
    return found


def revive(connection: Connection, keys: Collection[Key], due_us: int) -> None:
    """Let dead letters be tried anew from *due_us* on."""
    ordered = sorted(keys)
    for start in range(0, len(ordered), CHUNK):
        chosen = BY_KEY.in_(ordered[start : start + CHUNK])
        connection.execute(
            update(TEXTS)
            .where(chosen)
            .values(dead=False, attempts=0, due_us=due_us, claim="")
        )
