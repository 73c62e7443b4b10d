"""Reports become work for people: one case a target, however many reports there are.

An open case changes no standing.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import NAMESPACE_URL, uuid5

from services.policy.domain.tiers import CaseKind
from services.policy.leases import Held
from services.policy.storage import cases
from services.policy.storage.cases import CaseNews
from services.policy.storage.store import Store, Transaction
from services.runtime.clock import Clock

IMPERSONATION = frozenset({"IMPERSONATES_ME", "IMPERSONATES_OTHER"})
RECEIVED = "RECEIVED"
WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True, slots=True)
class Report:
    """What matters about a report for ordering work."""

    name: str
    target: str
    contents: tuple[str, ...]
    category: str
    """As in accounts' ReportCategory, without its prefix."""
    state: str
    """As in accounts' ReportState, without its prefix."""


@dataclass(frozen=True, slots=True)
class ReportsTold:
    """One message of the feed."""

    cursor: str
    reports: Sequence[Report]


@dataclass(frozen=True, slots=True)
class Resolution:
    """What accounts is told about a report."""

    report: str
    state: str
    moderator_final: bool = False

    @property
    def request_id(self) -> str:
        """The same for the same word on the same report."""
        return str(uuid5(NAMESPACE_URL, f"truepen:{self.report}:{self.state}"))


class Desk(Protocol):
    """Where reports come from, and where their outcome goes."""

    def watch_reports(self, cursor: str) -> AsyncIterator[ReportsTold]:
        """Follow reports from *cursor* on."""

    async def resolve_report(self, resolution: Resolution) -> None:
        """Tell what became of a report."""


class ReportFollower:
    """Opens a case a target, and tells each reporter that a person will look.

    A report that is taken back leaves its case; a case without any is decided.
    """

    def __init__(self, desk: Desk, store: Store, clock: Clock) -> None:
        self._desk = desk
        self._store = store
        self._clock = clock

    async def work(self, held: Held) -> None:
        """Follow from the stored cursor until cancelled, or until accounts fails."""
        async for told in self._desk.watch_reports(held.cursor):
            new = [report for report in told.reports if report.state == RECEIVED]
            back = [report for report in told.reports if report.state == WITHDRAWN]
            if new or back:
                await self._store.write(self._noted(new, back))
            for report in new:
                await self._desk.resolve_report(Resolution(report.name, "IN_REVIEW"))
            await held.store(told.cursor)

    def _noted(
        self, new: Sequence[Report], back: Sequence[Report]
    ) -> Callable[[Transaction], None]:
        now = self._clock.now()

        def write(connection: Transaction) -> None:
            for report in new:
                cases.tell(connection, news_of(report), now)
            for report in back:
                cases.take_back(connection, report.name)

        return write


def news_of(report: Report) -> CaseNews:
    """Return what *report* adds to the case about its target."""
    impersonation = report.category in IMPERSONATION
    return CaseNews(
        kind=CaseKind.IMPERSONATION if impersonation else CaseKind.REPORT,
        account=report.target,
        contents=report.contents,
        report=report.name,
    )
