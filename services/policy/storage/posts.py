"""Posts of the day, one row each, so that telling of one twice counts it once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, select

from services.policy.domain.times import to_us
from services.policy.storage.rows import PostRow, table
from services.runtime.database import insert_ignore

POSTS = table(PostRow)


@dataclass(frozen=True, slots=True)
class Post:
    """A post, and until when it counts."""

    account: str
    activity: str
    reset_time: datetime


def note(connection: Connection, post: Post, now: datetime) -> None:
    """Count *post*, once; what counted for its account until *now* is forgotten."""
    over = (POSTS.c.account == post.account) & (POSTS.c.reset_us <= to_us(now))
    connection.execute(delete(POSTS).where(over))
    row = {
        "account": post.account,
        "reset_us": to_us(post.reset_time),
        "activity": post.activity,
    }
    insert_ignore(connection, POSTS, [row])


def counts(
    connection: Connection, accounts: Sequence[str], reset_time: datetime
) -> dict[str, int]:
    """Return how many posts of each of *accounts* count until *reset_time*."""
    found = (
        select(POSTS.c.account, func.count())
        .where(POSTS.c.account.in_(accounts), POSTS.c.reset_us == to_us(reset_time))
        .group_by(POSTS.c.account)
    )
    return {row[0]: row[1] for row in connection.execute(found)}


def erase(connection: Connection, account: str) -> None:
    """Forget the posts of *account*."""
    connection.execute(delete(POSTS).where(POSTS.c.account == account))
