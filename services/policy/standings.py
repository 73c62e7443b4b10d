"""How accounts stand, from memory where that is fresh. Holds rendered answers."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Generic, TypeVar

from services.runtime.clock import Clock
from services.runtime.errors import RevisionNotReached

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Answer(Generic[A]):
    """A rendered standing, and when it changes by itself."""

    rendered: A
    revision: int
    due: datetime | None


class StandingCache(Generic[A]):
    """Answers for up to *size* accounts, each for at most *max_age* seconds.

    What this process writes is dropped at once; what others write shows after
    *max_age*; what time changes shows when it is due.
    """

    def __init__(
        self,
        load: Callable[[str], Awaitable[Answer[A]]],
        clock: Clock,
        size: int,
        max_age: float,
    ) -> None:
        self._load = load
        self._clock = clock
        self._size = size
        self._max_age = max_age
        self._kept: OrderedDict[str, tuple[Answer[A], float]] = OrderedDict()
        self._loading: dict[str, object] = {}

    def fresh(self, account: str, min_revision: int = 0) -> A | None:
        """Return the kept answer, or None where it has to be loaded."""
        kept = self._kept.get(account)
        if kept is None:
            return None
        answer, until = kept
        if answer.revision < min_revision or monotonic() >= until:
            return None
        if answer.due is not None and self._clock.now() >= answer.due:
            return None
        return answer.rendered

    async def get(self, account: str, min_revision: int = 0) -> A:
        """Return the answer for *account*. Raises RevisionNotReached."""
        found = self.fresh(account, min_revision)
        if found is not None:
            return found
        # A write that comes while this reads takes the ticket away.
        ticket = self._loading[account] = object()
        try:
            answer = await self._load(account)
            if self._loading.get(account) is ticket:
                self._keep(account, answer)
        finally:
            if self._loading.get(account) is ticket:
                del self._loading[account]
        if answer.revision < min_revision:
            raise RevisionNotReached(account, min_revision, answer.revision)
        return answer.rendered

    async def get_many(
        self,
        accounts: Sequence[str],
        load: Callable[[Sequence[str]], Awaitable[Mapping[str, Answer[A]]]],
    ) -> dict[str, A]:
        """Return the answer for each of *accounts*; *load* answers all not kept."""
        found = {account: self.fresh(account) for account in accounts}
        missing = [account for account, kept in found.items() if kept is None]
        ticket = object()
        self._loading.update(dict.fromkeys(missing, ticket))
        try:
            answers = await load(missing) if missing else {}
            for account in missing:
                if self._loading.get(account) is ticket:
                    self._keep(account, answers[account])
        finally:
            for account in missing:
                if self._loading.get(account) is ticket:
                    del self._loading[account]
        loaded = {account: answers[account].rendered for account in missing}
        return {account: kept or loaded[account] for account, kept in found.items()}

    def drop(self, account: str) -> None:
        """Forget *account*: this process has just changed it."""
        self._kept.pop(account, None)
        self._loading.pop(account, None)

    def _keep(self, account: str, answer: Answer[A]) -> None:
        if self._size == 0:
            return
        self._kept[account] = (answer, monotonic() + self._max_age)
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)
