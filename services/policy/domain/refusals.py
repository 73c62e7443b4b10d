"""What people's work is refused for. The service turns each into its wire error.

Refusal
├── OtherVersion    somebody changed it since
├── WrongState      it is not in a state that allows this
├── ClaimLost       held by somebody else, or run out
├── NotIndependent  the reviewer took part in what is reviewed
├── AppealUsedUp    no appeal is left against the decision
└── WouldWorsen     an appeal may not make things worse
"""


class Refusal(Exception):
    """A change that the rules of review do not allow. `name` says of what."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name} {problem}")
        self.name = name
        self.problem = problem


class OtherVersion(Refusal):
    """Somebody changed it since it was read."""

    def __init__(self, name: str, seen: int, current: int) -> None:
        super().__init__(name, f"is at version {current}, not {seen}")


class WrongState(Refusal):
    """It is not in a state that allows this."""


class ClaimLost(Refusal):
    """It is held by somebody else, or the claim has run out."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "is not claimed by the caller")


class NotIndependent(Refusal):
    """The reviewer took part in what is reviewed."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "needs a reviewer who took no part")


class AppealUsedUp(Refusal):
    """The appeals against this decision are used up."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "has no appeal left")


class WouldWorsen(Refusal):
    """An appeal may not make things worse."""
