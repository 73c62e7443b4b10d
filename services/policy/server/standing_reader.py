"""How accounts stand, as callers get it: rendered once, kept while it holds."""

from collections.abc import Sequence
from datetime import timedelta

from services.policy.convert.standings import (
    ALL_CLEAR,
    render_standing,
    standing_from_json,
)
from services.policy.domain.standing import resets_at, standing_of
from services.policy.posting import Posting
from services.policy.queries import Queries, holds
from services.policy.rulebook import Rulebook
from services.policy.standings import Answer, StandingCache
from services.policy.storage.standings import StoredStanding
from services.runtime.clock import Clock
from truepen.policy.v1 import decisions_pb2
from truepen.policy.v1 import enforcement_service_pb2 as pb

NAME = "accounts/{}/standing"


class StandingReader:
    """Answers how accounts stand. *max_age* is what callers are told as well."""

    def __init__(
        self,
        queries: Queries,
        posting: Posting,
        rulebook: Rulebook,
        clock: Clock,
        *,
        max_age: timedelta,
        size: int,
    ) -> None:
        self._queries = queries
        self._posting = posting
        self._rulebook = rulebook
        self._clock = clock
        self._max_age = max_age
        self._cache: StandingCache[pb.GetStandingResponse] = StandingCache(
            self._load, clock, size, max_age.total_seconds()
        )

    def kept(self, name: str, min_revision: int) -> pb.GetStandingResponse | None:
        """Return the kept answer to `accounts/{account}/standing`, if it holds."""
        return self._cache.fresh(name, min_revision)

    async def get(self, account: str, min_revision: int = 0) -> pb.GetStandingResponse:
        """Return how *account* stands. Raises RevisionNotReached."""
        return await self._cache.get(NAME.format(account), min_revision)

    async def get_many(self, accounts: Sequence[str]) -> list[decisions_pb2.Standing]:
        """Return how *accounts* stand, in order; one read for all not kept."""
        names = {account: NAME.format(account) for account in accounts}
        found = await self._cache.get_many(list(names.values()), self._load_many)
        return [found[names[account]].standing for account in accounts]

    async def render(self, stored: StoredStanding) -> decisions_pb2.Standing:
        """Return a standing that was read, as it is now."""
        return (await self._answer(stored.account, stored)).rendered.standing

    def drop(self, account: str) -> None:
        """Forget *account*: this process has just changed it."""
        self._cache.drop(NAME.format(account))

    async def _load(self, name: str) -> Answer[pb.GetStandingResponse]:
        account = _account_in(name)
        return await self._answer(account, await self._queries.standing(account))

    async def _load_many(
        self, names: Sequence[str]
    ) -> dict[str, Answer[pb.GetStandingResponse]]:
        accounts = {name: _account_in(name) for name in names}
        stored = await self._queries.standings(list(accounts.values()))
        return {
            name: await self._answer(account, stored.get(account))
            for name, account in accounts.items()
        }

    async def _answer(
        self, account: str, stored: StoredStanding | None
    ) -> Answer[pb.GetStandingResponse]:
        now = self._clock.now()
        if stored is None:
            standing, revision = ALL_CLEAR, 0
        elif holds(stored, now):
            standing = standing_from_json(stored.state, stored.update_time)
            revision = stored.revision
        else:  # its time is over, and nobody has recorded that yet
            history = await self._queries.history(account)
            ladder = (await self._rulebook.current()).live.ladder
            standing, revision = standing_of(history, now, ladder), stored.revision
        due, posts_made = standing.due, 0
        if standing.posts_per_day is not None:
            posts_made = await self._posting.count(account, now)
            due = min(due or resets_at(now), resets_at(now))
        rendered = render_standing(
            account, revision, standing, now, self._max_age, posts_made=posts_made
        )
        answer = pb.GetStandingResponse(standing=rendered)
        return Answer(rendered=answer, revision=revision, due=due)


def _account_in(name: str) -> str:
    """Return the account in `accounts/{account}/standing`."""
    return name.split("/")[1]
