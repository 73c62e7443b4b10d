"""The work that goes on beside the calls, each part led by one replica."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from functools import partial

from services.policy.annotating import Annotator
from services.policy.clients import Accounts
from services.policy.deadlines import Deadlines
from services.policy.decide import Enforcer
from services.policy.leases import Held, Leader
from services.policy.metrics import PolicyMetrics
from services.policy.reports import ReportFollower
from services.policy.settings import PolicySettings
from services.policy.storage import standings
from services.policy.storage.store import Store
from services.policy.worker import Change, Follower, Told
from services.runtime.background import Background
from services.runtime.clock import Clock
from services.runtime.errors import NotFound
from services.runtime.ids import random_id

PARTITIONS = 64
SWEPT_AT_ONCE = 200


class Team:
    """Follows profiles and reports, and sweeps up what time has changed."""

    def __init__(
        self,
        settings: PolicySettings,
        store: Store,
        accounts: Accounts,
        enforcer: Enforcer,
        *,
        reports: ReportFollower,
        annotator: Annotator,
        deadlines: Deadlines,
        clock: Clock,
        metrics: PolicyMetrics,
    ) -> None:
        self._settings = settings
        self._store = store
        self._accounts = accounts
        self._enforcer = enforcer
        self._reports = reports
        self._annotator = annotator
        self._deadlines = deadlines
        self._clock = clock
        self._metrics = metrics
        self._owner = random_id()

    def start(self, background: Background) -> None:
        """Begin all of it in the *background*; leases are given back at its end."""
        lead = partial(self._lead, background)
        shards = self._settings.worker_shards
        for shard in range(shards):
            name = f"profiles:{shard}/{shards}"
            follower = Follower(
                self._feed(shard),
                self._judge,
                self._settings.debounce_s,
                self._metrics,
                name,
            )
            lead(name, follower.work)
        lead("reports", self._reports.work)
        lead("annotations", self._annotator.work)
        lead("sweep", self._sweep)

    def _lead(
        self,
        background: Background,
        name: str,
        work: Callable[[Held], Awaitable[None]],
    ) -> None:
        lasts = timedelta(seconds=self._settings.lease_s)

        def leads(now: bool) -> None:
            self._metrics.leads(name, leads=now)

        leads(False)
        leader = Leader(self._store, name, self._owner, lasts, leads)
        background.start(name, partial(leader.run, work))

    def _feed(self, shard: int) -> Callable[[str], AsyncIterator[Told]]:
        partitions = range(shard, PARTITIONS, self._settings.worker_shards)

        def feed(cursor: str) -> AsyncIterator[Told]:
            return self._accounts.watch_profiles(cursor, partitions, self._clock)

        return feed

    async def _judge(self, change: Change) -> None:
        if change.erased:
            await self._enforcer.erase(change.account)
            return
        if change.evidence is not None:
            await self._enforcer.judge(change.evidence)
        else:
            try:
                await self._enforcer.evaluate(change.account)
            except NotFound:  # erased since it was told
                return
        if change.change_time is not None:
            took = (self._clock.now() - change.change_time).total_seconds()
            self._metrics.judged(took, urgent=change.urgent)

    async def _due(self) -> list[str]:
        now = self._clock.now()
        return await self._store.read(lambda c: standings.due(c, now, SWEPT_AT_ONCE))

    async def _sweep(self, held: Held) -> None:
        """Record what time has changed, though nobody asked about the account."""
        while True:
            due = await self._due()
            for account in due:
                await self._enforcer.settle(account)
            await self._deadlines.keep()
            if len(due) < SWEPT_AT_ONCE:
                await asyncio.sleep(self._settings.sweep_s)
