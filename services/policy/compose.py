"""Wires policy: settings in, services to serve and work to do out."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from services.policy.annotating import Annotator
from services.policy.appealing import Appealing
from services.policy.audits import Auditor
from services.policy.backtests import Backtester
from services.policy.bus import Publisher
from services.policy.casework import Casework
from services.policy.clients import Accounts
from services.policy.deadlines import Deadlines
from services.policy.decide import Enforcer
from services.policy.handover import HandOver
from services.policy.lineage import Lineage
from services.policy.metrics import PolicyGauges, PolicyMetrics
from services.policy.overrides import Overrider
from services.policy.posting import Posting
from services.policy.queries import Queries
from services.policy.replays import Replayer
from services.policy.reports import ReportFollower
from services.policy.reversing import Reverser
from services.policy.reverts import Reverts
from services.policy.rulebook import Rulebook
from services.policy.rulework import Rulework
from services.policy.server.appeals import AppealsServicer
from services.policy.server.cases import CasesServicer
from services.policy.server.decisions import People
from services.policy.server.enforcement import EnforcementServicer
from services.policy.server.notices import NoticesServicer
from services.policy.server.roles import ROLES
from services.policy.server.rulesets import RulesetsServicer
from services.policy.server.servicers import Servicers, services_of
from services.policy.server.standing_reader import StandingReader
from services.policy.server.streams import Streams
from services.policy.settings import PolicySettings
from services.policy.shadowing import Shadowing
from services.policy.shipped import compiled, shipped_text
from services.policy.storage.gauges import sample
from services.policy.storage.rules import StoredRules
from services.policy.storage.store import Store
from services.policy.team import Team
from services.runtime import migrate
from services.runtime.background import Background
from services.runtime.bell import Bell
from services.runtime.clock import Clock, SystemClock
from services.runtime.database import Database
from services.runtime.following import Following, Pace
from services.runtime.ids import random_id
from services.runtime.process import Parts, Wiring
from services.runtime.sampling import Sampler


@dataclass(frozen=True, slots=True)
class Policy:
    """Policy, ready to be served."""

    parts: Parts
    servicers: Servicers


@dataclass(frozen=True, slots=True)
class Core:
    """What the calls and the background work share."""

    store: Store
    rulebook: Rulebook
    accounts: Accounts
    enforcer: Enforcer
    queries: Queries
    posting: Posting
    standings: StandingReader
    streams: Streams
    bell: Bell
    changed: Callable[[str], None]
    clock: Clock
    shadowing: Shadowing


def compose(
    settings: PolicySettings, wiring: Wiring, accounts_stub: Any, reports_stub: Any
) -> Policy:
    """Wire it; the stubs are of accounts' two services, local or remote."""
    database = opened(settings, wiring)
    metrics = PolicyMetrics(wiring.registry)
    accounts = Accounts(accounts_stub, reports_stub)
    core = core_of(settings, wiring, database, accounts, metrics)
    servicers = servicers_of(core)
    team = team_of(settings, core, metrics)
    publisher = publisher_of(settings, core, wiring)
    background = Background("policy", wiring.registry)
    sampler = sampler_of(core, wiring)

    async def start() -> None:
        await core.store.begin()
        await core.rulebook.begin(shipped_text(settings), core.clock.now())
        if settings.worker:
            team.start(background)
        if settings.worker and settings.events and wiring.runtime.nats_url:
            lasts = timedelta(seconds=settings.lease_s)
            work = partial(publisher.run, wiring.runtime, random_id(), lasts)
            background.start("events", work)
        if wiring.runtime.metrics_port is not None:
            background.start("sampling", sampler.run)

    async def stop() -> None:
        await background.stop()
        await core.shadowing.flush(core.clock.now())
        await asyncio.to_thread(database.close)

    return Policy(Parts(services_of(servicers), ROLES, start, stop), servicers)


def opened(settings: PolicySettings, wiring: Wiring) -> Database:
    """Open the database; only SQLite is migrated without being asked."""
    url = settings.database(wiring.runtime.data_dir)
    migrate.prepare(url, "services.policy")
    renew = partial(settings.database, wiring.runtime.data_dir)
    return Database(
        url, threads=settings.database_threads, pool=settings.pool, renew=renew
    )


def core_of(
    settings: PolicySettings,
    wiring: Wiring,
    database: Database,
    accounts: Accounts,
    metrics: PolicyMetrics,
) -> Core:
    """Wire what everything else needs."""
    store = Store(database, SystemClock())
    queries = Queries(store)
    rulebook = Rulebook(StoredRules(store), compiled)
    max_age = timedelta(seconds=settings.max_age_s)
    posting = Posting(store)
    standings = StandingReader(
        queries,
        posting,
        rulebook,
        wiring.clock,
        max_age=max_age,
        size=settings.standing_cache,
    )
    bell = Bell()

    def changed(account: str) -> None:
        standings.drop(account)
        bell.ring()

    pace = Pace(settings.watch_poll_s, settings.heartbeat_s)
    following = Following(bell, wiring.shutdown, pace)
    shadowing = Shadowing(store)
    return Core(
        store=store,
        rulebook=rulebook,
        accounts=accounts,
        enforcer=Enforcer(
            store,
            rulebook,
            accounts,
            wiring.clock,
            changed,
            shadowing=shadowing,
            lineage=Lineage(store),
            decided=metrics.decided,
        ),
        queries=queries,
        posting=posting,
        standings=standings,
        streams=Streams(wiring.tokens, following),
        bell=bell,
        changed=changed,
        clock=wiring.clock,
        shadowing=shadowing,
    )


def sampler_of(core: Core, wiring: Wiring) -> Sampler:
    """Wire what looks up the gauges of the database."""
    gauges = PolicyGauges(wiring.registry)

    async def look() -> None:
        now = core.clock.now()
        gauges.show(await core.store.read(lambda c: sample(c, now)), now)

    return Sampler("policy", look, wiring.registry)


def team_of(settings: PolicySettings, core: Core, metrics: PolicyMetrics) -> Team:
    """Wire the background work."""
    return Team(
        settings,
        core.store,
        core.accounts,
        core.enforcer,
        reports=ReportFollower(core.accounts, core.store, core.clock),
        annotator=Annotator(core.accounts, core.store, settings.sweep_s),
        deadlines=Deadlines(core.store, core.rulebook, core.clock, core.changed),
        clock=core.clock,
        metrics=metrics,
    )


def publisher_of(settings: PolicySettings, core: Core, wiring: Wiring) -> Publisher:
    """Wire what publishes events, where NATS is configured."""
    hand_over = HandOver(core.store, core.rulebook, core.clock, core.changed)
    return Publisher(
        core.store,
        core.queries,
        hand_over if settings.events_hand_over else None,
        clock=core.clock,
        bell=core.bell,
        poll=settings.watch_poll_s,
        registry=wiring.registry,
    )


def servicers_of(core: Core) -> Servicers:
    """Wire what answers the calls."""
    store, rulebook, changed = core.store, core.rulebook, core.changed
    queries, standings, clock = core.queries, core.standings, core.clock
    tokens = core.streams.tokens
    reverser = Reverser(store, rulebook)
    casework = Casework(store, rulebook, reverser, core.accounts, changed)
    appealing = Appealing(store, rulebook, reverser, changed)
    return Servicers(
        enforcement=EnforcementServicer(
            core.accounts,
            core.enforcer,
            queries,
            standings,
            posting=core.posting,
            people=People(
                Overrider(store, rulebook, reverser, changed),
                Replayer(store, rulebook),
                Reverts(store, rulebook, reverser, changed),
            ),
            clock=clock,
            streams=core.streams,
        ),
        notices=NoticesServicer(
            queries, HandOver(store, rulebook, clock, changed), core.streams
        ),
        appeals=AppealsServicer(appealing, queries, standings, clock, tokens),
        cases=CasesServicer(
            casework, Auditor(store), queries, standings, clock=clock, tokens=tokens
        ),
        rulesets=RulesetsServicer(
            Rulework(store, rulebook), Backtester(store, rulebook), clock, tokens
        ),
    )
