"""A copy of all standings in memory: a snapshot, and what changed since."""

import asyncio
import random
import time
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import structlog

from services.runtime.errors import (
    CursorEpochChanged,
    CursorInvalid,
    Kind,
    ServiceError,
)
from truepen.policy.v1 import decisions_pb2
from truepen.policy.v1 import enforcement_service_pb2 as pb

if TYPE_CHECKING:  # the stubs are typed in .pyi files alone
    from truepen.policy.v1.enforcement_service_pb2_grpc import (
        EnforcementServiceAsyncStub,
    )

log = structlog.get_logger()

PAGE = 1_000
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 10.0
CALM = decisions_pb2.TIER_CLEAR, decisions_pb2.INTERACTION_TIER_NONE
AWAY = (Kind.UNAVAILABLE, Kind.DEADLINE_EXCEEDED, Kind.RESOURCE_EXHAUSTED)


class Source(StrEnum):
    """Where an answer is from."""

    MEMORY = "MEMORY"
    """The copy, which heard from the server within the time allowed."""
    SERVER = "SERVER"
    """Asked for just now."""
    STALE = "STALE"
    """The copy, older than allowed, because the server did not answer."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How an account stands, and how old that answer may be."""

    standing: decisions_pb2.Standing
    """The caller's own: it may change it."""
    age_s: float
    """What changed longer ago than this is in it; 0 where asked for just now."""
    source: Source


class StandingWatcher:
    """Answers how accounts stand without asking each time; `async with` runs it.

    Accounts that are not in the copy are CLEAR. Three kinds of answers are
    always asked for: of accounts whose posts are counted (`posts_left`), whose
    measure has just run out, and with a `min_revision` beyond the copy's.
    About 200 bytes an account that is not CLEAR.
    """

    def __init__(
        self, stub: "EnforcementServiceAsyncStub", max_staleness_s: float = 30.0
    ) -> None:
        self._stub: Any = (
            stub  # its streams raise ServiceError, as its types do not say
        )
        self._max_staleness = max_staleness_s
        # Serialized: smaller, and no caller can change the copy.
        self._kept: dict[str, bytes] = {}
        self._cursor: str | None = None
        self._heard = float("-inf")
        self._pause = FIRST_PAUSE_S
        self._synced = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin to follow; reads go to the server until the snapshot is there."""
        self._task = asyncio.create_task(self._follow(), name="standing watcher")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop following."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def __len__(self) -> int:
        """Return how many accounts in the copy are not CLEAR."""
        return len(self._kept)

    @property
    def age_s(self) -> float:
        """Seconds since the copy was known to be whole; infinite before."""
        return time.monotonic() - self._heard

    async def synced(self) -> None:
        """Wait for the first snapshot."""
        await self._synced.wait()

    def kept(self, account: str, min_revision: int = 0) -> Reading | None:
        """Return how *account*, an id, stands by the copy; None where it cannot tell.

        For loops that cannot wait, as ranking.
        """
        if self.age_s > self._max_staleness:
            return None
        standing = self._remembered(account)
        if standing.revision < min_revision or _needs_asking(standing):
            return None
        return Reading(standing, self.age_s, Source.MEMORY)

    async def read(
        self, account: str, min_revision: int = 0, timeout_s: float = 1.0
    ) -> Reading:
        """Return how *account*, an id, stands; asks the server where the copy cannot.

        Where the server does not answer either, the copy is better than nothing
        and says how old it is: `Source.STALE`. Raises ServiceError where there is
        no copy yet, and where the request itself is wrong.
        """
        found = self.kept(account, min_revision)
        if found is not None:
            return found
        request = pb.GetStandingRequest(name=_name(account), min_revision=min_revision)
        try:
            answer = await self._stub.GetStanding(request, timeout=timeout_s)
        except ServiceError as error:
            if error.kind not in AWAY or not self._synced.is_set():
                raise
            return Reading(self._remembered(account), self.age_s, Source.STALE)
        return Reading(answer.standing, 0.0, Source.SERVER)

    def _remembered(self, account: str) -> decisions_pb2.Standing:
        kept = self._kept.get(_name(account))
        return _clear(account) if kept is None else _parsed(kept)

    async def _follow(self) -> None:
        while True:
            try:
                if self._cursor is None:
                    await self._take_snapshot()
                await self._watch()
            except (CursorEpochChanged, CursorInvalid):
                log.info("standings start over")  # the database was restored
                self._cursor = None
            except ServiceError as error:
                log.info("standings not followed", reason=error.reason)
            except TimeoutError:
                log.info("standings not followed", reason="SILENT")
            await asyncio.sleep(self._pause * random.uniform(0.5, 1.0))  # noqa: S311
            self._pause = min(2 * self._pause, LONGEST_PAUSE_S)

    async def _take_snapshot(self) -> None:
        """Replace the copy; what changes while pages come is told by the watch."""
        began, token, cursor = time.monotonic(), "", ""
        fresh: dict[str, bytes] = {}
        while True:
            request = pb.ListStandingsRequest(page_size=PAGE, page_token=token)
            page = await self._stub.ListStandings(request)
            fresh.update((s.name, s.SerializeToString()) for s in page.standings)
            cursor = cursor or page.watch_cursor
            token = page.next_page_token
            if not token:
                break
        self._kept, self._cursor, self._heard = fresh, cursor, began
        self._synced.set()

    async def _watch(self) -> None:
        """Take in what changes until the stream ends; TimeoutError where it is mute."""
        request = pb.WatchStandingsRequest(cursor=self._cursor or "")
        stream: Any = aiter(self._stub.WatchStandings(request))
        try:
            while True:
                async with asyncio.timeout(self._max_staleness):
                    told = await anext(stream, None)
                if told is None:
                    return
                self._take(told)
        finally:
            await stream.aclose()

    def _take(self, told: pb.WatchStandingsResponse) -> None:
        for standing in told.standings:
            if (standing.tier, standing.interaction_tier) == CALM:
                self._kept.pop(standing.name, None)
            else:
                self._kept[standing.name] = standing.SerializeToString()
        self._cursor = told.cursor
        self._heard = time.monotonic()
        self._pause = FIRST_PAUSE_S


def _needs_asking(standing: decisions_pb2.Standing) -> bool:
    if standing.HasField("posts_left"):
        return True
    until = standing.expire_time
    return standing.HasField("expire_time") and until.ToNanoseconds() <= time.time_ns()


def _clear(account: str) -> decisions_pb2.Standing:
    """Return the standing of an account that the copy does not have."""
    return decisions_pb2.Standing(
        name=_name(account),
        tier=decisions_pb2.TIER_CLEAR,
        interaction_tier=decisions_pb2.INTERACTION_TIER_NONE,
        can_publish=True,
        can_comment=True,
        can_message=True,
        can_like=True,
        can_follow=True,
        reach=decisions_pb2.Reach(recommendation=1, search=1, followers=1),
    )


def _parsed(data: bytes) -> decisions_pb2.Standing:
    return decisions_pb2.Standing.FromString(data)


def _name(account: str) -> str:
    return f"accounts/{account}/standing"
