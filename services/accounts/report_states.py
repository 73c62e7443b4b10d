"""Where a report may be, and which steps it may take."""

from enum import IntEnum

from services.runtime.errors import FailedPrecondition


class State(IntEnum):
    """Where a report is; numbers of the contract."""

    RECEIVED = 1
    IN_REVIEW = 2
    ACTIONED = 3
    NO_ACTION = 4
    MERGED = 5
    WITHDRAWN = 6


class Notice(IntEnum):
    """What to tell the reporter; numbers of the contract."""

    RECEIVED = 1
    RECEIVED_WITH_WARNING = 2
    MUTED = 3
    ACTIONED = 4
    NO_ACTION = 5


class Finding(IntEnum):
    """A moderator's final word on a report."""

    NONE = 0
    FOUNDED = 1
    UNFOUNDED = 2


_OPEN = {State.IN_REVIEW, State.ACTIONED, State.NO_ACTION, State.MERGED}
STEPS: dict[State, set[State]] = {
    State.RECEIVED: {*_OPEN, State.WITHDRAWN},
    State.IN_REVIEW: {*_OPEN, State.WITHDRAWN},
    # An appeal may turn a finding round.
    State.ACTIONED: {State.ACTIONED, State.NO_ACTION},
    State.NO_ACTION: {State.ACTIONED, State.NO_ACTION},
    State.MERGED: {State.MERGED, State.ACTIONED, State.NO_ACTION},
    State.WITHDRAWN: set(),
}


def check_step(report: str, before: State, after: State) -> None:
    """Raise FailedPrecondition unless a report may go from *before* to *after*."""
    if after not in STEPS[before]:
        text = f"a report that is {before.name} cannot become {after.name}"
        raise FailedPrecondition(text, name=f"reports/{report}", state=before.name)
