"""What is left of a daily allowance: posts are counted as they are reviewed."""

from datetime import datetime

from services.policy.domain.standing import resets_at
from services.policy.storage import posts
from services.policy.storage.posts import Post
from services.policy.storage.store import Store


class Posting:
    """Counts posts by account and day, in UTC, also while nothing limits them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def note(
        self, account: str, activity: str, time: datetime, now: datetime
    ) -> None:
        """Count a post made at *time*, once; one of an earlier day counts no more."""
        post = Post(account, activity, resets_at(time))
        if post.reset_time > now:
            await self._store.append(lambda c: posts.note(c, post, now))

    async def count(self, account: str, now: datetime) -> int:
        """Return how many posts *account* made since the last reset before *now*."""
        until = resets_at(now)
        found = await self._store.read(lambda c: posts.counts(c, [account], until))
        return found.get(account, 0)
