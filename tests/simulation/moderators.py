"""People who decide in the simulated year: cases, and the appeals of account owners.

Chosen: reviewers are right 98 times in a hundred about bans and 95 about appeals; nine
cases in ten are decided in time; of innocents seven in ten appeal.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from services.policy.domain.events import (
    AppealOutcome,
    AppealResolved,
    BanConfirmed,
    DecisionReversed,
    Event,
    Overridden,
    ReversalCause,
)
from services.policy.domain.history import Measure
from services.policy.domain.lapses import owed
from services.policy.domain.reversals import cascade
from services.policy.domain.rulings import Ruling
from services.policy.domain.tiers import CaseKind, Ground, Tier
from tests.simulation.actors import INNOCENT, Actor, Kind
from tests.simulation.lives import DAY

if TYPE_CHECKING:
    from tests.simulation.year import Account

RIGHT_ABOUT_BANS = 0.98
RIGHT_ABOUT_APPEALS = 0.95
IN_TIME = 0.9
INNOCENTS_APPEAL = 0.7
GUILTY_APPEAL = 0.3
HOLDS = 90 * DAY


@dataclass(frozen=True, slots=True)
class Task:
    """Something a person decides on a day."""

    day: int
    kind: str
    decision: str


class Moderators:
    """The people around one account."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor
        self._chance = random.Random(actor.seed + 7)
        self._tasks: list[Task] = []
        self._asked: set[str] = set()

    def opened(self, number: int, ruling: Ruling) -> None:
        """Note cases that a ruling opened, and whether its owner will appeal."""
        for kind in ruling.cases:
            if kind is CaseKind.LINEAGE:
                continue
            late = self._chance.random() > IN_TIME
            self._tasks.append(Task(number + (6 if late else 1), kind, ruling.decision))
        if not ruling.acts or ruling.decision in self._asked:
            return
        self._asked.add(ruling.decision)
        stolen = self._actor.kind is Kind.STOLEN and not self._actor.back
        if stolen and ruling.imposed_tier is Tier.BANNED:
            self._tasks.append(Task(number + 5, "COMPROMISED", ruling.decision))
            return
        share = INNOCENTS_APPEAL if self._actor.kind in INNOCENT else GUILTY_APPEAL
        if not stolen and self._chance.random() < share:
            self._tasks.append(Task(number + 3, "APPEAL", ruling.decision))

    def decide(self, account: "Account", number: int, now: datetime) -> None:
        """Write what people decide on day *number*."""
        due = [task for task in self._tasks if task.day <= number]
        self._tasks = [task for task in self._tasks if task.day > number]
        for task in due:
            measure = account.history.measure(task.decision)
            if measure is None or measure.reversed:
                continue
            said = self._said(account, task, measure, now)
            if said:
                account.append([*owed(account.history, now), *said])

    def _said(
        self, account: "Account", task: Task, measure: Measure, now: datetime
    ) -> list[Event]:
        guilty = self._actor.kind in (Kind.HOSTED, Kind.FARM, Kind.STOLEN)
        match task.kind:
            case "COMPROMISED":
                self._actor.back = True
                theirs = [
                    m.made.decision
                    for m in reversed(account.history.measures)
                    if not m.reversed and m.made.decision != task.decision
                ]
                first = answered(task.decision, AppealOutcome.OVERTURNED, now)
                return fallen(account, [first, *(void(d, now) for d in theirs)], now)
            case "APPEAL":
                return self._answered(account, measure, now)
            case CaseKind.BAN_CONFIRMATION:
                if guilty == (self._chance.random() < RIGHT_ABOUT_BANS):
                    return [
                        BanConfirmed(
                            time=now, decision=task.decision, identity="ann", reason="r"
                        )
                    ]
                return fallen(account, [void(task.decision, now)], now)
            case CaseKind.BAN_REVIEW:
                if account.history.banned():
                    return []
                if guilty == (self._chance.random() < RIGHT_ABOUT_BANS):
                    if self._actor.kind is Kind.STOLEN:
                        name = f"review{task.decision}"
                        self._tasks.append(Task(task.day + 5, "COMPROMISED", name))
                    return [
                        Overridden(
                            time=now,
                            decision=f"review{task.decision}",
                            tier=Tier.BANNED,
                            ground=Ground.HOSTED_ACCOUNT,
                            identity="ann",
                            reason="r",
                        )
                    ]
                return fallen(account, [void(task.decision, now)], now)
        return []

    def _answered(
        self, account: "Account", measure: Measure, now: datetime
    ) -> list[Event]:
        right = self._chance.random() < RIGHT_ABOUT_APPEALS
        decision = measure.made.decision
        if (self._actor.kind in INNOCENT) == right:
            event = answered(decision, AppealOutcome.OVERTURNED, now)
            return fallen(account, [event], now)
        return [answered(decision, AppealOutcome.UPHELD, now)]


def answered(decision: str, outcome: AppealOutcome, now: datetime) -> AppealResolved:
    """The answer to an appeal."""
    overturned = outcome is AppealOutcome.OVERTURNED
    return AppealResolved(
        time=now,
        appeal=f"a{decision}",
        decision=decision,
        outcome=outcome,
        identity="ben",
        reason="r",
        word_holds_until=now + HOLDS if overturned else None,
    )


def void(decision: str, now: datetime) -> DecisionReversed:
    """A decision found wrong by a person."""
    return DecisionReversed(
        time=now,
        decision=decision,
        cause=ReversalCause.REVIEW,
        identity="ann",
        reason="r",
        word_holds_until=now + HOLDS,
    )


def fallen(
    account: "Account",
    events: Iterable[AppealResolved | DecisionReversed],
    now: datetime,
) -> list[Event]:
    """*events*, and what falls with each."""
    found: list[Event] = []
    for event in events:
        found.append(event)
        grown = [*account.log, *found]
        found += cascade(grown, event.decision, account.frozen.get, now)
    return found
