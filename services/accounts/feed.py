"""Following what changes: resumable, without gaps, with signs of life."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.accounts.storage import feed, reports
from services.accounts.storage.feed import PARTITIONS, Change
from services.accounts.storage.reports import Report
from services.runtime.database import Database
from services.runtime.errors import CursorEpochChanged, CursorInvalid, PageTokenInvalid
from services.runtime.following import PAGE, Following
from services.runtime.paging import Tokens

PROFILE_FEED = b"truepen.accounts.v1.WatchProfiles"
REPORT_FEED = b"truepen.accounts.v1.WatchReports"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Told(Generic[T]):
    """What changed, and the cursor to go on after it. Nothing = a heartbeat."""

    items: Sequence[T]
    cursor: str


@dataclass(frozen=True, slots=True)
class Watched:
    """A change, and whether hard evidence came since the follower last looked."""

    change: Change
    urgent: bool


class Feed:
    """Follows the changes of profiles and of reports."""

    def __init__(
        self,
        database: Database,
        tokens: Tokens,
        following: Following,
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._following = following

    async def profiles(
        self, cursor: str, partitions: Sequence[int], *, once: bool
    ) -> AsyncIterator[Told[Watched]]:
        """Tell which profiles of *partitions* change, from *cursor* on."""
        chosen = sorted(set(partitions)) or list(range(PARTITIONS))
        epoch, known = await self._open(PROFILE_FEED, cursor, chosen)
        seen = {p: known.get(p, 0) for p in chosen}

        async def look() -> Sequence[Watched]:
            found = await self._database.read(lambda tx: feed.news(tx, seen, PAGE))
            return [
                Watched(change, urgent=change.urgent_sequence > seen[change.partition])
                for change in found
            ]

        def move(found: Sequence[Watched]) -> str:
            for watched in found:
                seen[watched.change.partition] = watched.change.sequence
            # Places of partitions that are not followed now are kept.
            return self._seal(PROFILE_FEED, epoch, known | seen)

        async for found in self._following.follow(look, once=once):
            yield Told(found, move(found))

    async def reports(self, cursor: str, *, once: bool) -> AsyncIterator[Told[Report]]:
        """Tell which reports are new or changed, from *cursor* on."""
        epoch, seen = await self._open(REPORT_FEED, cursor, [feed.REPORTS])

        async def look() -> Sequence[Report]:
            last = seen.get(feed.REPORTS, 0)
            return await self._database.read(
                lambda tx: reports.changed_after(tx, last, PAGE)
            )

        def move(found: Sequence[Report]) -> str:
            for report in found:
                seen[feed.REPORTS] = report.change_sequence
            return self._seal(REPORT_FEED, epoch, seen)

        async for found in self._following.follow(look, once=once):
            yield Told(found, move(found))

    async def _open(
        self, stream: bytes, cursor: str, partitions: Sequence[int]
    ) -> tuple[str, dict[int, int]]:
        """Return the log's name and the places in *cursor*; raise if it is not ours."""
        epoch, reached = await self._database.read(
            lambda tx: (feed.log_epoch(tx), feed.sequences(tx, partitions))
        )
        if not cursor:
            return epoch, {}
        try:
            named, places = self._tokens.open(stream, cursor)
        except (PageTokenInvalid, ValueError):
            raise CursorInvalid from None
        known = {int(p): int(s) for p, s in json.loads(str(places)).items()}
        ahead = any(known.get(p, 0) > reached[p] for p in partitions)
        # A log that is behind a follower was restored without a new name.
        if named != epoch or ahead:
            raise CursorEpochChanged
        return epoch, known

    def _seal(self, stream: bytes, epoch: str, places: dict[int, int]) -> str:
        reached = {str(p): s for p, s in sorted(places.items()) if s}
        return self._tokens.seal(stream, (epoch, json.dumps(reached)))
