"""An appeal asks of a decision: was the finding right? It never makes things worse.

OPEN -> CLAIMED -> UPHELD | OVERTURNED | REMITTED; a claim that runs out is OPEN again.
Every change takes the version it saw, so that of two reviewers one is told to look
again. Times are given, never asked.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from services.policy.domain.events import AppealOutcome, AppealResolved, AppealStayed
from services.policy.domain.history import History, Measure
from services.policy.domain.numbers import DAY, HOUR, Ladder
from services.policy.domain.refusals import (
    AppealUsedUp,
    ClaimLost,
    NotIndependent,
    OtherVersion,
    WouldWorsen,
    WrongState,
)
from services.policy.domain.tiers import Tier

CLAIM_LASTS = timedelta(minutes=30)
APPEAL_WITHIN = timedelta(days=180)
ANSWER_WITHIN: dict[Tier, timedelta] = {
    Tier.CLEAR: 7 * DAY,
    Tier.NOTICE: 7 * DAY,
    Tier.WARNING: 7 * DAY,
    Tier.REACH_LIMITED: 72 * HOUR,
    Tier.PUBLISHING_LIMITED: 72 * HOUR,
    Tier.PUBLISHING_SUSPENDED: 72 * HOUR,
    Tier.BANNED: 48 * HOUR,
}


class AppealGround(StrEnum):
    """Why somebody appeals."""

    WRONG_FINDING = "WRONG_FINDING"
    COMPROMISED_ACCOUNT = "COMPROMISED_ACCOUNT"
    NEW_EVIDENCE = "NEW_EVIDENCE"
    TOO_HARD = "TOO_HARD"


class AppealState(StrEnum):
    """Where an appeal is."""

    OPEN = "OPEN"
    CLAIMED = "CLAIMED"
    UPHELD = "UPHELD"
    OVERTURNED = "OVERTURNED"
    REMITTED = "REMITTED"


@dataclass(frozen=True, slots=True)
class Plea:
    """Why somebody appeals, and in their own words."""

    ground: AppealGround
    statement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    """An appeal against one decision."""

    id: str
    decision: str
    tier: Tier
    ground: AppealGround
    statement: str
    state: AppealState = AppealState.OPEN
    create_time: datetime
    due_time: datetime
    stayed: bool = False
    reviewer: str = ""
    claim_expire_time: datetime | None = None
    outcome_reason: str = ""
    resolve_time: datetime | None = None
    version: int = 1

    @property
    def resolved(self) -> bool:
        """Whether it is answered."""
        return self.state not in (AppealState.OPEN, AppealState.CLAIMED)


def file(
    appeal_id: str,
    measure: Measure,
    earlier: Iterable[Appeal],
    plea: Plea,
    now: datetime,
) -> Appeal:
    """A new appeal. One per decision, plus one on new evidence.

    Raises AppealUsedUp, and WrongState where there is nothing left to appeal.
    """
    decision = measure.made.decision
    if measure.reversed or now >= measure.made.time + APPEAL_WITHIN:
        raise WrongState(decision, "is void, or too old to appeal")
    before = [appeal for appeal in earlier if appeal.decision == decision]
    new = plea.ground is AppealGround.NEW_EVIDENCE
    again = [a for a in before if (a.ground is AppealGround.NEW_EVIDENCE) == new]
    if again or any(not appeal.resolved for appeal in before):
        raise AppealUsedUp(decision)
    return Appeal(
        id=appeal_id,
        decision=decision,
        tier=measure.tier,
        ground=plea.ground,
        statement=plea.statement,
        create_time=now,
        due_time=now + ANSWER_WITHIN[measure.tier],
    )


def claim(
    appeal: Appeal, reviewer: str, involved: Iterable[str], version: int, now: datetime
) -> Appeal:
    """Take it to work on, for 30 minutes. *involved* took part in the decision."""
    check_version(appeal, version)
    if appeal.resolved:
        raise WrongState(appeal.id, "is answered")
    if reviewer in set(involved):
        raise NotIndependent(appeal.id)
    if held_by_other(appeal, reviewer, now):
        raise ClaimLost(appeal.id)
    return replace(
        appeal,
        state=AppealState.CLAIMED,
        reviewer=reviewer,
        claim_expire_time=now + CLAIM_LASTS,
        version=appeal.version + 1,
    )


def held_by_other(appeal: Appeal, reviewer: str, now: datetime) -> bool:
    """Whether somebody else has it and still may."""
    until = appeal.claim_expire_time
    return until is not None and now < until and appeal.reviewer != reviewer


def resolve(
    appeal: Appeal,
    answer: AppealResolved,
    version: int,
) -> Appeal:
    """Answer it. Raises where the claim ran out, or the answer would worsen things."""
    check_version(appeal, version)
    if appeal.resolved:
        raise WrongState(appeal.id, "is answered")
    until = appeal.claim_expire_time
    holds = until is not None and answer.time < until
    if appeal.reviewer != answer.identity or not holds:
        raise ClaimLost(appeal.id)
    check_milder(appeal, answer)
    return replace(
        appeal,
        state=AppealState(answer.outcome.value),
        stayed=False,
        outcome_reason=answer.reason,
        resolve_time=answer.time,
        claim_expire_time=None,
        version=appeal.version + 1,
    )


def check_milder(appeal: Appeal, answer: AppealResolved) -> None:
    """An appeal never worsens: REMITTED, and only it, names a milder tier."""
    milder = answer.remitted_tier
    if (answer.outcome is AppealOutcome.REMITTED) != (milder is not None):
        raise WouldWorsen(appeal.id, "REMITTED, and only it, names a tier")
    if milder is not None and milder >= appeal.tier:
        raise WouldWorsen(appeal.id, f"must be milder than {appeal.tier.name}")


def check_version(appeal: Appeal, version: int) -> None:
    """Refuse a change made on an old view."""
    if appeal.version != version:
        raise OtherVersion(appeal.id, version, appeal.version)


def word_holds_until(
    answer: AppealOutcome, now: datetime, ladder: Ladder
) -> datetime | None:
    """Until when rules stay away after *answer*: only an overturned finding does so."""
    overturned = answer is AppealOutcome.OVERTURNED
    return now + ladder.word_holds_for if overturned else None


def stay(appeal: Appeal, history: History, now: datetime) -> AppealStayed | None:
    """The stay of a late answer, once; a ban is not stayed but pages."""
    late = not appeal.resolved and now >= appeal.due_time
    if not late or appeal.stayed or history.measure(appeal.decision) is None:
        return None
    if appeal.tier is Tier.BANNED:
        return None
    return AppealStayed(time=now, appeal=appeal.id, decision=appeal.decision)


def pages(appeal: Appeal, now: datetime) -> bool:
    """Whether it has to wake somebody: a late appeal against a ban."""
    late = not appeal.resolved and now >= appeal.due_time
    return late and appeal.tier is Tier.BANNED
