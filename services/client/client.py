"""Connections to the services, and a typed stub of each."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self, cast

from services.client.methods import repeatable
from services.client.standings import StandingWatcher
from services.runtime.connection import Connection
from services.runtime.tls import TlsFiles
from truepen.accounts.v1 import (
    accounts_service_pb2,
    accounts_service_pb2_grpc,
    reports_service_pb2,
    reports_service_pb2_grpc,
)
from truepen.detector.v1 import detector_service_pb2, detector_service_pb2_grpc
from truepen.policy.v1 import (
    appeals_service_pb2,
    appeals_service_pb2_grpc,
    cases_service_pb2,
    cases_service_pb2_grpc,
    enforcement_service_pb2,
    enforcement_service_pb2_grpc,
    notices_service_pb2,
    notices_service_pb2_grpc,
    rulesets_service_pb2,
    rulesets_service_pb2_grpc,
)

FILES = tuple(
    module.DESCRIPTOR
    for module in (
        detector_service_pb2,
        accounts_service_pb2,
        reports_service_pb2,
        enforcement_service_pb2,
        notices_service_pb2,
        appeals_service_pb2,
        cases_service_pb2,
        rulesets_service_pb2,
    )
)


class Client:
    """The suite, as its callers see it; `async with` closes it.

    *target* is where policy is, as `localhost:50051` or
    `dns:///truepen-policy:50051`: a name with many addresses is called in turn.
    *accounts* and *detector* are where those are, which the same process may
    serve. *tls* names PEM files, reread when they change; None is plaintext.
    *bearer_file* holds a token, reread as well, as Kubernetes renews it; over
    plaintext it is sent to this machine alone, unless *insecure* says that
    something else encrypts.

    Calls are `await client.enforcement.GetStanding(request, timeout=0.2)`, in
    seconds, 10 where none is given; streams are iterated over. Reads and calls
    with a key of their own are sent again, up to three times, where the server
    was unavailable. Whatever fails raises a `ServiceError` with `kind`,
    `reason` and, where waiting helps, `retry_after` in seconds.
    """

    def __init__(
        self,
        target: str = "localhost:50051",
        *,
        accounts: str = "",
        detector: str = "",
        tls: TlsFiles | None = None,
        bearer_file: Path | None = None,
        insecure: bool = False,
    ) -> None:
        self._connections: dict[str, Connection] = {}

        def stub(where: str, make: Any) -> Any:
            place = where or target
            if place not in self._connections:
                self._connections[place] = Connection(
                    place,
                    repeatable(FILES),
                    tls=tls,
                    bearer_file=bearer_file,
                    insecure=insecure,
                )
            return self._connections[place].stub(make)

        # A stub that adds deadlines and errors takes and gives what these do.
        self.enforcement = cast(
            "enforcement_service_pb2_grpc.EnforcementServiceAsyncStub",
            stub("", enforcement_service_pb2_grpc.EnforcementServiceStub),
        )
        self.notices = cast(
            "notices_service_pb2_grpc.NoticesServiceAsyncStub",
            stub("", notices_service_pb2_grpc.NoticesServiceStub),
        )
        self.appeals = cast(
            "appeals_service_pb2_grpc.AppealsServiceAsyncStub",
            stub("", appeals_service_pb2_grpc.AppealsServiceStub),
        )
        self.cases = cast(
            "cases_service_pb2_grpc.CasesServiceAsyncStub",
            stub("", cases_service_pb2_grpc.CasesServiceStub),
        )
        self.rulesets = cast(
            "rulesets_service_pb2_grpc.RulesetsServiceAsyncStub",
            stub("", rulesets_service_pb2_grpc.RulesetsServiceStub),
        )
        self.accounts = cast(
            "accounts_service_pb2_grpc.AccountsServiceAsyncStub",
            stub(accounts, accounts_service_pb2_grpc.AccountsServiceStub),
        )
        self.reports = cast(
            "reports_service_pb2_grpc.ReportsServiceAsyncStub",
            stub(accounts, reports_service_pb2_grpc.ReportsServiceStub),
        )
        self.detector = cast(
            "detector_service_pb2_grpc.DetectorServiceAsyncStub",
            stub(detector, detector_service_pb2_grpc.DetectorServiceStub),
        )

    def watch_standings(self, max_staleness_s: float = 30.0) -> StandingWatcher:
        """Return a copy of all standings that follows what changes.

        `async with client.watch_standings() as standings:`; answers are from
        memory while it heard from the server within *max_staleness_s*.
        """
        return StandingWatcher(self.enforcement, max_staleness_s)

    async def __aenter__(self) -> Self:
        """Return itself; connections are made by the first calls."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        await self.close()

    async def close(self) -> None:
        """End what is in flight and close every connection."""
        async with AsyncExitStack() as stack:
            for connection in self._connections.values():
                stack.push_async_callback(connection.close)
