"""The whole of accounts on a fresh database, with a detector that a test rules."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from prometheus_client import CollectorRegistry

from services.accounts.compose import AccountsParts, compose
from services.accounts.settings import AccountsSettings
from services.runtime.calls import Shutdown
from services.runtime.errors import DependencyUnavailable, InvalidField, ServiceError
from services.runtime.local import LocalStub
from services.runtime.paging import Tokens
from services.runtime.process import Wiring
from services.runtime.settings import RuntimeSettings
from services.runtime.status import to_status
from tests.clock import FakeClock
from truepen.accounts.v1 import activities_pb2
from truepen.detector.v1 import detector_service_pb2 as detector_pb

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
DIGEST = "ab" * 32


class Words:
    """A detector that finds AI in texts with `robot`; away when told so."""

    def __init__(self) -> None:
        self.away = False
        self.refusing: set[str] = set()
        self.seen: list[str] = []

    async def BatchDetectText(
        self, request: detector_pb.BatchDetectTextRequest, context: Any
    ) -> detector_pb.BatchDetectTextResponse:
        if self.away:
            raise DependencyUnavailable("detector")
        self.seen.extend(request.texts)
        results = [self._result(text) for text in request.texts]
        return detector_pb.BatchDetectTextResponse(results=results)

    def _result(self, text: str) -> detector_pb.DetectResult:
        if text in self.refusing:
            error = InvalidField("text", "is refused by this test")
            return detector_pb.DetectResult(error=to_status(error))
        machine = "robot" in text
        return detector_pb.DetectResult(
            assessment=detector_pb.Assessment(
                verdict=detector_pb.VERDICT_AI_GENERATED
                if machine
                else detector_pb.VERDICT_HUMAN,
                ai_probability=0.99 if machine else 0.01,
                log_likelihood_ratio=3.0 if machine else -2.0,
                language="en",
                chars_scored=len(text),
                model_digest=DIGEST,
            )
        )


@dataclass(frozen=True, slots=True)
class Running:
    """Accounts, its two stubs, and what a test may turn."""

    accounts: LocalStub
    reports: LocalStub
    parts: AccountsParts
    words: Words
    clock: FakeClock
    shutdown: Shutdown


@asynccontextmanager
async def accounts_running(
    folder: Path, url: str = "", words: Words | None = None, **settings: Any
) -> AsyncIterator[Running]:
    """Run accounts on *url*, a migrated database, or on SQLite in *folder*."""
    clock, shutdown, detector = FakeClock(NOW), Shutdown(), words or Words()
    wiring = Wiring(
        RuntimeSettings(data_dir=folder),
        clock,
        CollectorRegistry(),
        Tokens(b"k" * 32),
        shutdown,
    )
    chosen = {"durable": False, "poll_s": 0.05, **settings}
    parts = compose(
        AccountsSettings(database_url=url, **chosen), wiring, LocalStub(detector)
    )
    await parts.parts.start()
    try:
        yield Running(
            LocalStub(parts.servicer),
            LocalStub(parts.reports_servicer),
            parts,
            detector,
            clock,
            shutdown,
        )
    finally:
        shutdown.set()
        await parts.parts.stop()


def at(hours_ago: float = 1.0) -> Timestamp:
    """An instant before NOW."""
    stamp = Timestamp()
    stamp.FromDatetime(NOW - timedelta(hours=hours_ago))
    return stamp


def an_activity(
    activity: str = "n1", account: str = "a1", hours_ago: float = 1.0, **fields: Any
) -> activities_pb2.Activity:
    """A note, unless *fields* say otherwise."""
    fields.setdefault("type", activities_pb2.ACTIVITY_TYPE_NOTE)
    return activities_pb2.Activity(
        id=activity, account=f"accounts/{account}", event_time=at(hours_ago), **fields
    )


def reasons(error: ServiceError) -> tuple[str, ...]:
    """The fields that *error* names."""
    return tuple(violation.field for violation in error.violations)
