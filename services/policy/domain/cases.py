"""Work for people: what a case is, what joins it, and what answers it by itself.

One case holds a whole coordinated cluster and all reports about a target. An open case
changes no standing.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from services.policy.domain.numbers import DAY, HOUR
from services.policy.domain.tiers import CaseKind

DECIDE_WITHIN: Mapping[CaseKind, timedelta] = {
    CaseKind.BAN_CONFIRMATION: 72 * HOUR,
    CaseKind.BAN_REVIEW: 72 * HOUR,
    CaseKind.IMPERSONATION: 48 * HOUR,
    CaseKind.REPORT: 7 * DAY,
    CaseKind.LINEAGE: 7 * DAY,
    CaseKind.DEAD_LETTER: DAY,
    CaseKind.AUDIT: 30 * DAY,
}
LARGE_FOLLOWING = 10_000
ESTABLISHED_DAYS = 365.0


class CaseState(StrEnum):
    """Where a case is."""

    OPEN = "OPEN"
    CLAIMED = "CLAIMED"
    RESOLVED = "RESOLVED"
    ESCALATED = "ESCALATED"


class CaseOutcome(StrEnum):
    """What a person found. CANNOT_TELL leads to the milder outcome."""

    CONFIRMED = "CONFIRMED"
    REJECTED = "REJECTED"
    NO_ACTION = "NO_ACTION"
    CANNOT_TELL = "CANNOT_TELL"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a person found, why, and what else about single accounts."""

    outcome: CaseOutcome
    reason: str
    exceptions: Mapping[str, CaseOutcome] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A piece of work for a person."""

    id: str
    kind: CaseKind
    key: str
    """What joins later evidence to it: a cluster, or an account."""
    accounts: tuple[str, ...]
    decisions: tuple[str, ...] = ()
    contents: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
    state: CaseState = CaseState.OPEN
    create_time: datetime
    due_time: datetime
    assignee: str = ""
    claim_expire_time: datetime | None = None
    outcome: CaseOutcome | None = None
    exceptions: Mapping[str, CaseOutcome] = field(default_factory=dict)
    outcome_reason: str = ""
    people_needed: int = 1
    """How many people must confirm: two where a large following is at stake."""
    confirmed_by: tuple[str, ...] = ()
    escalated: bool = False
    version: int = 1
    priority: float = 0.0

    def outcome_for(self, account: str) -> CaseOutcome | None:
        """What was found about *account*: its exception, or the case's outcome."""
        return self.exceptions.get(account, self.outcome)


def key_of(account: str, cluster: str) -> str:
    """One case for a whole cluster, else one for the account."""
    return f"cluster:{cluster}" if cluster else f"account:{account}"


def open_case(
    case_id: str, kind: CaseKind, account: str, cluster: str, now: datetime
) -> Case:
    """A new case about *account*."""
    return Case(
        id=case_id,
        kind=kind,
        key=key_of(account, cluster),
        accounts=(account,),
        create_time=now,
        due_time=now + DECIDE_WITHIN[kind],
        priority=1.0 / (DECIDE_WITHIN[kind] / HOUR),
    )


def joined(
    case: Case,
    *,
    account: str,
    decision: str = "",
    contents: Iterable[str] = (),
    report: str = "",
    people_needed: int = 1,
) -> Case:
    """The case with more that belongs to it. Adding the same twice changes nothing.

    A case about many accounts takes as many people as the one that takes most.
    """
    new = decision and decision not in case.decisions
    grown = replace(
        case,
        accounts=added(case.accounts, [account]),
        decisions=added(case.decisions, [decision]),
        exceptions=without_key(case.exceptions, account) if new else case.exceptions,
        contents=added(case.contents, contents),
        reports=added(case.reports, [report]),
        people_needed=max(case.people_needed, people_needed),
    )
    return case if grown == case else replace(grown, version=case.version + 1)


def added(known: tuple[str, ...], more: Iterable[str]) -> tuple[str, ...]:
    """Known names and new ones, each once, in order of arrival."""
    return tuple(dict.fromkeys((*known, *(name for name in more if name))))


def without_key(
    outcomes: Mapping[str, CaseOutcome], account: str
) -> Mapping[str, CaseOutcome]:
    """Outcomes of the other accounts."""
    return {name: found for name, found in outcomes.items() if name != account}


def answered_elsewhere(
    case: Case, account: str, over: Container[str], outcome: CaseOutcome, reason: str
) -> Case | None:
    """The case after what it says of *account* was settled; None where it is not.

    *over* are the decisions on the account, by resource name, that no longer stand. A
    case with nobody left to decide about is decided.
    """
    prefix = f"accounts/{account}/"
    named = [name for name in case.decisions if name.startswith(prefix)]
    if not named or not all(name in over for name in named):
        return None
    exceptions = {**case.exceptions, account: outcome}
    after = replace(case, exceptions=exceptions, version=case.version + 1)
    if any(name not in exceptions for name in case.accounts):
        return after
    return closed(after, outcome, reason)


def without_report(case: Case, report: str) -> Case | None:
    """The case after a report was taken back; without any it is decided.

    None where the report is not in it. Whoever holds the case goes on.
    """
    if report not in case.reports:
        return None
    left = tuple(name for name in case.reports if name != report)
    after = replace(case, reports=left, version=case.version + 1)
    if left or case.decisions or case.state is CaseState.CLAIMED:
        return after
    return closed(after, CaseOutcome.NO_ACTION, "all reports were withdrawn")


def closed(case: Case, outcome: CaseOutcome, reason: str) -> Case:
    """The case decided without anybody's finding."""
    return replace(
        case,
        state=CaseState.RESOLVED,
        outcome=outcome,
        outcome_reason=reason,
        claim_expire_time=None,
    )


def people_for(
    kind: CaseKind, follower_count: int | None, account_age_days: float | None
) -> int:
    """Two people confirm the ban of an established or widely followed account."""
    followed = (follower_count or 0) > LARGE_FOLLOWING
    established = (account_age_days or 0.0) > ESTABLISHED_DAYS
    bans = kind in (CaseKind.BAN_CONFIRMATION, CaseKind.BAN_REVIEW)
    return 2 if bans and (followed or established) else 1


def without(case: Case, account: str) -> Case | None:
    """The case after *account* was erased; None where it was about nobody else.

    Which content and reports were whose is not known, so they go too.
    """
    left = tuple(name for name in case.accounts if name != account)
    if not left:
        return None
    decisions = f"accounts/{account}/"
    return replace(
        case,
        accounts=left,
        decisions=tuple(d for d in case.decisions if not d.startswith(decisions)),
        contents=(),
        exceptions=without_key(case.exceptions, account),
        version=case.version + 1,
    )
