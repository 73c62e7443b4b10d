"""Wires policy: settings in, services to serve and work to do out."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from services.policy.clients import Accounts
from services.policy.decide import Enforcer
from services.policy.feeds import Bell, Pace
from services.policy.handover import HandOver
from services.policy.queries import Queries
from services.policy.reading import StandingReader
from services.policy.reports import ReportFollower
from services.policy.rulebook import Rulebook
from services.policy.server.enforcement import EnforcementServicer
from services.policy.server.notices import NoticesServicer
from services.policy.server.roles import PACKAGE, ROLES
from services.policy.server.streams import Streams
from services.policy.settings import PolicySettings
from services.policy.shipped import compiled, shipped_text
from services.policy.storage.rules import StoredRules
from services.policy.storage.store import Store
from services.policy.team import Team
from services.runtime import migrate
from services.runtime.clock import SystemClock
from services.runtime.database import Database
from services.runtime.process import Parts, Wiring
from services.runtime.serve import Service
from truepen.policy.v1 import (
    appeals_service_pb2_grpc,
    cases_service_pb2_grpc,
    enforcement_service_pb2_grpc,
    notices_service_pb2_grpc,
    rulesets_service_pb2_grpc,
)


@dataclass(frozen=True, slots=True)
class Policy:
    """Policy, ready to be served."""

    parts: Parts
    enforcement_servicer: EnforcementServicer
    notices_servicer: NoticesServicer


def compose(
    settings: PolicySettings, wiring: Wiring, accounts_stub: Any, reports_stub: Any
) -> Policy:
    """Wire it; the stubs are of accounts' two services, local or remote."""
    url = settings.database(wiring.runtime.data_dir)
    if not settings.database_url:
        migrate.upgrade(url, "services.policy")
    database = Database(url, threads=settings.database_threads)
    clock = wiring.clock
    store = Store(database, SystemClock())
    queries = Queries(store)
    rulebook = Rulebook(StoredRules(store), compiled)
    accounts = Accounts(accounts_stub, reports_stub)
    max_age = timedelta(seconds=settings.max_age_s)
    standings = StandingReader(
        queries, rulebook, clock, max_age, settings.standing_cache
    )
    bell = Bell()

    def changed(account: str) -> None:
        standings.drop(account)
        bell.ring()

    pace = Pace(settings.watch_poll_s, settings.heartbeat_s)
    streams = Streams(wiring.tokens, bell, pace, wiring.shutdown)
    enforcer = Enforcer(store, rulebook, accounts, clock, changed)
    hand_over = HandOver(store, rulebook, clock, changed)
    enforcement = EnforcementServicer(
        accounts, enforcer, queries, standings, clock=clock, streams=streams
    )
    notices = NoticesServicer(queries, hand_over, streams)
    team = Team(
        settings,
        store,
        accounts,
        enforcer,
        ReportFollower(accounts, store, clock),
        clock=clock,
    )

    async def start() -> None:
        await store.begin()
        await rulebook.begin(shipped_text(settings), clock.now())
        if settings.worker:
            team.start()

    async def stop() -> None:
        await team.stop()
        await asyncio.to_thread(database.close)

    parts = Parts(services_of(enforcement, notices), ROLES, start, stop)
    return Policy(parts, enforcement, notices)


def services_of(
    enforcement: EnforcementServicer, notices: NoticesServicer
) -> tuple[Service, ...]:
    """Return the five services; what is not built answers UNIMPLEMENTED."""
    appeals = appeals_service_pb2_grpc.AppealsServiceServicer()
    cases = cases_service_pb2_grpc.CasesServiceServicer()
    rulesets = rulesets_service_pb2_grpc.RulesetsServiceServicer()
    return (
        Service(
            f"{PACKAGE}.EnforcementService",
            enforcement_service_pb2_grpc.add_EnforcementServiceServicer_to_server,
            enforcement,
        ),
        Service(
            f"{PACKAGE}.NoticesService",
            notices_service_pb2_grpc.add_NoticesServiceServicer_to_server,
            notices,
        ),
        Service(
            f"{PACKAGE}.AppealsService",
            appeals_service_pb2_grpc.add_AppealsServiceServicer_to_server,
            appeals,
        ),
        Service(
            f"{PACKAGE}.CasesService",
            cases_service_pb2_grpc.add_CasesServiceServicer_to_server,
            cases,
        ),
        Service(
            f"{PACKAGE}.RulesetsService",
            rulesets_service_pb2_grpc.add_RulesetsServiceServicer_to_server,
            rulesets,
        ),
    )
