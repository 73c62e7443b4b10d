"""What only policy has to say no to.

FailedPrecondition
├── ReviewerNotIndependent  REVIEWER_NOT_INDEPENDENT  somebody else has to look
├── AppealExhausted         APPEAL_EXHAUSTED          no appeal is left
└── ClaimNotHeld            CLAIM_NOT_HELD            claim it first
WriteConflict
└── OldVersion              WRITE_CONFLICT            read it again, then decide
InvalidFields
└── RulesetInvalid          RULESET_INVALID           rule, line and column
"""

from services.runtime.errors import FailedPrecondition, InvalidFields, WriteConflict


class ReviewerNotIndependent(FailedPrecondition):
    """Who took part in the decision may not review it."""

    reason = "REVIEWER_NOT_INDEPENDENT"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} needs a reviewer who took no part", name=name)


class AppealExhausted(FailedPrecondition):
    """One appeal a decision, and one more on new evidence: both are used."""

    reason = "APPEAL_EXHAUSTED"

    def __init__(self, decision: str) -> None:
        super().__init__(f"appeals against {decision} are used up", name=decision)


class ClaimNotHeld(FailedPrecondition):
    """It is claimed by somebody else, or the claim ran out."""

    reason = "CLAIM_NOT_HELD"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not claimed by the caller", name=name)


class OldVersion(WriteConflict):
    """It was changed since the caller read it: the same call would fail again."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name} {problem}: read it again", name=name)


class RulesetInvalid(InvalidFields):
    """The ruleset does not compile; each problem says where."""

    reason = "RULESET_INVALID"

    def __init__(self, problems: list[str]) -> None:
        super().__init__(("yaml", problem) for problem in problems)
