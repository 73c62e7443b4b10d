"""The real services in one process, composed anew after each crash."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from services.accounts import compose as accounts_compose
from services.accounts.compose import AccountsParts
from services.accounts.scoring import Scoring
from services.accounts.settings import AccountsSettings
from services.policy import compose as policy_compose
from services.policy import worker
from services.policy.clients import Accounts, change_of
from services.policy.compose import Core
from services.policy.leases import Held
from services.policy.metrics import PolicyMetrics
from services.policy.server.servicers import Servicers
from services.policy.settings import PolicySettings
from services.policy.shipped import shipped_text
from services.policy.worker import Follower, Told
from services.runtime.background import Background
from services.runtime.calls import Shutdown
from services.runtime.database import Database
from services.runtime.local import LocalStub
from services.runtime.paging import Tokens
from services.runtime.process import Wiring
from services.runtime.settings import RuntimeSettings
from tests.accounts.serving import Words
from tests.clock import FakeClock
from tests.simulation.seams import FaultyDatabase, Link, Wires
from truepen.accounts.v1 import accounts_service_pb2 as accounts_pb

START = datetime.fromisoformat("2026-11-01T12:00:00+00:00")
LEASE = timedelta(hours=1)

ruleset_text = cache(shipped_text)
"""Reading YAML takes longer than all else that a new life does."""


@dataclass(slots=True)
class Clocks:
    """What time it is to each service: they need not agree."""

    accounts: FakeClock
    policy: FakeClock

    def advance(self, step: timedelta) -> None:
        """Let time pass."""
        self.accounts.advance(step)
        self.policy.advance(step)


def prepare(patch: pytest.MonkeyPatch, wires: Wires) -> None:
    """Put the faulty databases in, and take the pauses and background tasks out."""
    patch.setattr(
        accounts_compose, "Database", partial(FaultyDatabase, "accounts", wires)
    )
    patch.setattr(policy_compose, "Database", partial(FaultyDatabase, "policy", wires))
    patch.setattr(Background, "start", _nothing)
    patch.setattr(worker, "STORE_EVERY", 0.001)
    patch.setattr(worker, "RETRY_AFTER", 0.001)


def _nothing(_self: Background, _name: str, _work: object) -> None:
    """Score when the program says so, not beside it."""


class Site:
    """One life of the process: from a start to a stop or a crash."""

    def __init__(
        self, folder: Path, clocks: Clocks, wires: Wires, words: Words
    ) -> None:
        self.folder, self.clocks, self.wires, self.words = folder, clocks, wires, words
        self.accounts: Any = None
        self.enforcement: Any = None
        self.notices: Any = None
        self.parts: AccountsParts
        self.core: Core

    async def start(self) -> None:
        """Compose everything on what is left in the folder."""
        self.parts = accounts_compose.compose(
            AccountsSettings(
                effective_time=START - timedelta(days=60), compare_every_s=0
            ),
            self._wiring(self.clocks.accounts),
            Link(LocalStub(self.words), "detector", self.wires),
        )
        self.scoring._wall = self.clocks.accounts
        await self.parts.parts.start()
        self.accounts = LocalStub(self.parts.servicer)
        link = Link(self.accounts, "link", self.wires)
        reports = LocalStub(self.parts.reports_servicer)
        settings = PolicySettings(
            worker=False, effective_time=START - timedelta(days=60)
        )
        wiring = self._wiring(self.clocks.policy)
        database = policy_compose.opened(settings, wiring)
        metrics = self._metrics = PolicyMetrics(wiring.registry)
        self.core = policy_compose.core_of(
            settings, wiring, database, Accounts(link, reports), metrics
        )
        servicers: Servicers = policy_compose.servicers_of(self.core)
        self._team = policy_compose.team_of(settings, self.core, metrics)
        await self.core.store.begin()
        await self.core.rulebook.begin(ruleset_text(settings), START)
        self.enforcement = LocalStub(servicers.enforcement)
        self.notices = LocalStub(servicers.notices)

    @property
    def scoring(self) -> Scoring:
        """What scores texts; steps of a program call it."""
        scorer = self.parts.servicer._use_cases.track._scorer
        assert isinstance(scorer, Scoring)
        return scorer

    @property
    def databases(self) -> tuple[Database, Database]:
        """Accounts' and policy's."""
        return self.scoring._database, self.core.store._database

    def stop(self) -> None:
        """End at once, as a crash does: nothing is flushed or given back."""
        for database in self.databases:
            database.close()

    async def follow(self, limit: int) -> None:
        """Follow profiles from the stored cursor: at most *limit* messages."""
        store = self.core.store
        lease = await store.acquire("profiles:0/1", "simulation", LEASE)
        assert lease is not None

        async def feed(cursor: str) -> AsyncIterator[Told]:
            request = accounts_pb.WatchProfilesRequest(
                cursor=cursor,
                include_profile=True,
                view=accounts_pb.PROFILE_VIEW_EVIDENCE,
                once=True,
            )
            count = 0
            async for answer in self.accounts.WatchProfiles(request):
                now = self.clocks.policy.now()
                yield Told(answer.cursor, [change_of(c, now) for c in answer.changes])
                count += 1
                if count == limit:
                    return

        follower = Follower(feed, self._team._judge, 0.0, self._metrics)
        await follower.work(Held(store, lease, LEASE))

    def _wiring(self, clock: FakeClock) -> Wiring:
        runtime = RuntimeSettings(data_dir=self.folder)
        tokens = Tokens(b"k" * 32)
        return Wiring(runtime, clock, CollectorRegistry(), tokens, Shutdown())
