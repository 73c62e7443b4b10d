"""What users report: taken in, weighed by the reporter's record, told back."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.accounts.domain.times import to_us
from services.accounts.storage import reporting, reports
from services.accounts.storage.reporting import Draft, Limits, Outcome
from services.accounts.storage.reports import Report, Reporter
from services.runtime.bell import Bell
from services.runtime.clock import Clock
from services.runtime.database import Database
from services.runtime.errors import NotFound
from services.runtime.requests import Request


@dataclass(frozen=True, slots=True)
class Taken:
    """A report, and whether it had been received before."""

    report: Report
    duplicate: bool


class Reports:
    """Takes reports in and keeps what became of them."""

    def __init__(
        self, database: Database, clock: Clock, changed: Bell, limits: Limits
    ) -> None:
        self._database = database
        self._clock = clock
        self._changed = changed
        self._limits = limits

    async def create(self, draft: Draft, request: Request) -> Taken:
        """Take *draft* in, once per request; raise RateLimited, RequestIdReused."""
        now_us, limits = to_us(self._clock.now()), self._limits
        report, duplicate = await self._database.write(
            lambda tx: reporting.create(tx, draft, request, limits, now_us)
        )
        self._changed.ring()
        return Taken(report, duplicate)

    async def get(self, report: str) -> Report:
        """Return the report of this id; raise NotFound."""
        return _known(
            await self._database.read(lambda tx: reports.find(tx, report)), report
        )

    async def page(
        self, chosen: tuple[str, int], before: tuple[int, str] | None, limit: int
    ) -> Sequence[Report]:
        """Return up to *limit* reports, newest first; see `storage.reports.page`."""
        return await self._database.read(
            lambda tx: reports.page(tx, chosen, before, limit)
        )

    async def withdraw(self, report: str, reporter: str) -> Report:
        """Take a report back; raise NotFound, NotOwner, FailedPrecondition."""
        now_us = to_us(self._clock.now())
        found = await self._database.write(
            lambda tx: reporting.withdraw(tx, report, reporter, now_us)
        )
        self._changed.ring()
        return _known(found, report)

    async def resolve(self, outcome: Outcome, request: Request) -> Report:
        """Record what was found, once per request; raise NotFound and others."""
        now_us = to_us(self._clock.now())
        found = await self._database.write(
            lambda tx: reporting.resolve(tx, outcome, request, now_us)
        )
        self._changed.ring()
        return _known(found, outcome.report)

    async def reporter(self, account: str) -> Reporter:
        """Return the record of a reporter; one who never reported has none."""
        return await self._database.read(lambda tx: reports.reporter(tx, account))


def _known(report: Report | None, name: str) -> Report:
    if report is None:
        raise NotFound("report", f"reports/{name}")
    return report
