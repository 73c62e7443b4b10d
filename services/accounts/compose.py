"""Wires accounts: settings and a detector in, two services to serve out."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from services.accounts import comparing, scoring
from services.accounts.bus import Ingest
from services.accounts.clients import Detector
from services.accounts.comparing import Comparing
from services.accounts.convert.activities import Reader, remembered
from services.accounts.convert.glimpses import glimpsed
from services.accounts.erasing import Erasing
from services.accounts.feed import Feed
from services.accounts.lanes import Lanes
from services.accounts.log import ActivityLog
from services.accounts.metrics import AccountsMetrics
from services.accounts.profiles import Profiles
from services.accounts.register import Register
from services.accounts.reports import Reports
from services.accounts.scoring import Scoring
from services.accounts.server import accounts as accounts_server
from services.accounts.server import reports as reports_server
from services.accounts.server.accounts import AccountsServicer
from services.accounts.server.edge import UseCases
from services.accounts.server.reports import ReportsServicer
from services.accounts.server.roles import ROLES
from services.accounts.settings import AccountsSettings
from services.accounts.storage.feed import name_log
from services.accounts.storage.reporting import Limits
from services.accounts.track import Track
from services.accounts.truths import Truths
from services.runtime import migrate
from services.runtime.background import Background
from services.runtime.bell import Bell
from services.runtime.clock import Clock
from services.runtime.database import Database
from services.runtime.following import Following, Pace
from services.runtime.ids import random_id
from services.runtime.keys import told
from services.runtime.local import LocalStub
from services.runtime.process import Parts, Wiring
from services.runtime.sampling import Sampler
from services.runtime.serve import Service
from truepen.accounts.v1.accounts_service_pb2_grpc import (
    add_AccountsServiceServicer_to_server,
)
from truepen.accounts.v1.reports_service_pb2_grpc import (
    add_ReportsServiceServicer_to_server,
)

PACKAGE = "services.accounts"
GATHER_S = 0.1
"""News of an account is gathered: a profile is derived for each telling."""


@dataclass(frozen=True, slots=True)
class AccountsParts:
    """What a process needs to serve accounts, and to use it in process."""

    servicer: AccountsServicer
    reports_servicer: ReportsServicer
    profiles: Profiles
    parts: Parts


def compose(
    settings: AccountsSettings, wiring: Wiring, detector_stub: Any
) -> AccountsParts:
    """Wire accounts to a detector by its stub, local or remote alike.

    SQLite is brought to its newest schema here; PostgreSQL, which several
    replicas share, must have been migrated: SchemaOutdatedError.
    """
    data_dir, clock = wiring.runtime.data_dir, wiring.clock
    database = _database(settings, wiring)
    hmac_keys = settings.hmac_keys(data_dir)
    told("fingerprints", hmac_keys)
    metrics = AccountsMetrics(wiring.registry)
    lanes = Lanes(database)
    scorer = Scoring(
        database,
        lanes,
        Detector(detector_stub),
        clock,
        _pace(settings),
        watch=metrics.answered,
    )
    sampler = Sampler(
        "accounts", lambda: metrics.look(database, clock), wiring.registry
    )
    changed = scorer.changed
    pace = Pace(settings.poll_s, settings.heartbeat_s, GATHER_S)
    feed = Feed(database, wiring.tokens, Following(changed, wiring.shutdown, pace))
    reports = Reports(database, clock, changed, _limits(settings))
    profiles = Profiles(database, clock, remembered, settings.effective_time)
    comparer = _comparing(settings, database, clock, changed)
    use_cases = UseCases(
        track=Track(database, lanes, clock, scorer, changed, watch=metrics.recorded),
        profiles=profiles,
        feed=feed,
        register=Register(database, clock, changed),
        log=ActivityLog(database, clock, scorer),
        truths=Truths(database, clock, changed),
        erasing=Erasing(database, clock, changed),
        reader=Reader(*hmac_keys),
        clock=clock,
        tokens=wiring.tokens,
    )
    servicer = AccountsServicer(use_cases)
    reports_servicer = ReportsServicer(reports, feed, clock, wiring.tokens)

    ingest = Ingest(LocalStub(servicer), wiring.registry, settings.ingest_batch)
    background = Background("accounts", wiring.registry)

    async def start() -> None:
        epoch = random_id()
        await database.write(lambda tx: name_log(tx, epoch))
        background.start("scoring", scorer.run)
        if comparer:
            background.start("comparing", comparer.run)
        if settings.ingest and wiring.runtime.nats_url:
            background.start("ingest", partial(ingest.run, wiring.runtime))
        if wiring.runtime.metrics_port is not None:
            background.start("sampling", sampler.run)

    async def stop() -> None:
        await background.stop()
        await scorer.let_go()
        database.close()

    parts = Parts(_services(servicer, reports_servicer), ROLES, start, stop)
    return AccountsParts(servicer, reports_servicer, profiles, parts)


def _database(settings: AccountsSettings, wiring: Wiring) -> Database:
    url = settings.database(wiring.runtime.data_dir)
    migrate.prepare(url, PACKAGE)
    return Database(
        url,
        threads=settings.database_threads,
        durable=settings.durable,
        renew=partial(settings.database, wiring.runtime.data_dir),
        pool=settings.pool,
    )


def _services(
    servicer: AccountsServicer, reports_servicer: ReportsServicer
) -> tuple[Service, ...]:
    return (
        Service(
            accounts_server.SERVICE, add_AccountsServiceServicer_to_server, servicer
        ),
        Service(
            reports_server.SERVICE,
            add_ReportsServiceServicer_to_server,
            reports_servicer,
        ),
    )


def _pace(settings: AccountsSettings) -> scoring.Pace:
    return scoring.Pace(
        batch=settings.score_batch,
        in_flight=settings.score_in_flight,
        timeout=settings.score_timeout_s,
        lease=settings.score_lease_s,
        attempts=settings.score_attempts,
        poll=settings.poll_s,
    )


def _comparing(
    settings: AccountsSettings, database: Database, clock: Clock, changed: Bell
) -> Comparing | None:
    if not settings.compare_every_s:
        return None
    pace = comparing.Pace(
        timedelta(seconds=settings.compare_every_s),
        timedelta(days=settings.compare_days),
    )
    return Comparing(database, clock, glimpsed, changed, pace)


def _limits(settings: AccountsSettings) -> Limits:
    return Limits(settings.reports_per_minute, settings.reports_per_day)
