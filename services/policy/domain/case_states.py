"""From state to state of a case: people claim and resolve it, time escalates it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from services.policy.domain.cases import Case, CaseOutcome, CaseState, Finding
from services.policy.domain.refusals import (
    ClaimLost,
    NotIndependent,
    OtherVersion,
    WrongState,
)

CLAIM_LASTS = timedelta(minutes=30)


def claim(
    case: Case, person: str, involved: Iterable[str], version: int, now: datetime
) -> Case:
    """Take it to work on, for 30 minutes."""
    check_open(case, version)
    if person in set(involved) | set(case.confirmed_by):
        raise NotIndependent(case.id)
    until = case.claim_expire_time
    if until is not None and now < until and case.assignee != person:
        raise ClaimLost(case.id)
    return replace(
        case,
        state=CaseState.CLAIMED,
        assignee=person,
        claim_expire_time=now + CLAIM_LASTS,
        version=case.version + 1,
    )


def resolve(
    case: Case,
    person: str,
    finding: Finding,
    version: int,
    now: datetime,
) -> Case:
    """Decide it. Where two must confirm, the first leaves it open for the second."""
    check_open(case, version)
    until = case.claim_expire_time
    if case.assignee != person or until is None or now >= until:
        raise ClaimLost(case.id)
    strange = finding.exceptions.keys() - set(case.accounts)
    if strange:
        raise WrongState(case.id, f"is not about {', '.join(sorted(strange))}")
    released = replace(case, claim_expire_time=None, version=case.version + 1)
    confirmed_by = (*case.confirmed_by, person)
    confirms = finding.outcome is CaseOutcome.CONFIRMED
    if confirms and len(confirmed_by) < case.people_needed:
        return replace(
            released, state=CaseState.OPEN, assignee="", confirmed_by=confirmed_by
        )
    return replace(
        released,
        state=CaseState.RESOLVED,
        outcome=finding.outcome,
        exceptions={**case.exceptions, **finding.exceptions},
        outcome_reason=finding.reason,
        confirmed_by=confirmed_by if confirms else case.confirmed_by,
    )


def escalate(case: Case, now: datetime) -> Case | None:
    """The case escalated, once, when its time ran out undecided; else None."""
    late = now >= case.due_time and case.state in (CaseState.OPEN, CaseState.CLAIMED)
    if not late or case.escalated:
        return None
    return replace(
        case, state=CaseState.ESCALATED, escalated=True, version=case.version + 1
    )


def check_open(case: Case, version: int) -> None:
    """Refuse a change on an old view, or on what is decided."""
    if case.version != version:
        raise OtherVersion(case.id, version, case.version)
    if case.state is CaseState.RESOLVED:
        raise WrongState(case.id, "is decided")
