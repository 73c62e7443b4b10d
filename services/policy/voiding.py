"""What else an overturned appeal voids: what rested on the same wrong finding."""

from collections.abc import Iterable, Sequence

from services.policy.domain.appeals import Appeal, AppealGround
from services.policy.domain.events import (
    AppealOutcome,
    AppealResolved,
    DecisionReversed,
    Event,
    ReversalCause,
)
from services.policy.domain.fold import fold_all
from services.policy.domain.history import History
from services.policy.domain.ladder import earlier_steps
from services.policy.domain.numbers import Ladder
from services.policy.domain.truths import ABOUT_TRUTH
from services.policy.reversing import Bases


def falling_with(
    appeal: Appeal,
    answer: AppealResolved,
    log: Sequence[Event],
    bases: Bases,
    ladder: Ladder,
) -> list[DecisionReversed]:
    """Return the reversals of what falls beside the decision itself, the latest first.

    *log* ends with the answer and its cascade.
    """
    if answer.outcome is not AppealOutcome.OVERTURNED:
        return []
    history = fold_all(log)
    if appeal.ground is AppealGround.COMPROMISED_ACCOUNT:
        others = of_the_thief(appeal.decision, history, bases)
    elif appeal.ground in ABOUT_TRUTH:
        others = earlier_steps(appeal.decision, history, ladder)
    else:
        others = ()
    return [
        DecisionReversed(
            time=answer.time,
            decision=decision,
            cause=ReversalCause.APPEAL,
            identity=answer.identity,
            reason=answer.reason,
            word_holds_until=answer.word_holds_until,
        )
        for decision in others
    ]


def of_the_thief(decision: str, history: History, bases: Bases) -> Iterable[str]:
    """Return what else was decided about whoever had stolen the account.

    Somebody else had it, so all that rules decided of the same ownership epoch falls.
    """
    basis = bases.frozen.get(decision)
    if basis is None:
        return ()
    epoch = basis.evidence.ownership_epoch
    theirs = {d for d, f in bases.frozen.items() if f.evidence.ownership_epoch == epoch}
    return [
        measure.made.decision
        for measure in reversed(history.measures)
        if measure.made.decision in theirs and not measure.reversed
    ]
