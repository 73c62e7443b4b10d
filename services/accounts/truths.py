"""What turned out to be true: about accounts, and about models."""

from dataclasses import dataclass

from services.accounts.domain.times import to_us
from services.accounts.storage import judging
from services.accounts.storage.audit import Act
from services.accounts.storage.judging import Quarantine, Truth
from services.runtime.bell import Bell
from services.runtime.clock import Clock
from services.runtime.database import Database
from services.runtime.errors import NotFound
from services.runtime.requests import Request


@dataclass(frozen=True, slots=True)
class Annotated:
    """An annotation, and the profile revision after it."""

    annotation: str
    revision: int


class Truths:
    """Records truths found by appeals and audits, and bars models."""

    def __init__(self, database: Database, clock: Clock, changed: Bell) -> None:
        self._database = database
        self._clock = clock
        self._changed = changed

    async def annotate(self, truth: Truth, request: Request) -> Annotated:
        """Keep *truth*; a repeat of *request* gets the first answer."""
        now_us = to_us(self._clock.now())
        revision = await self._database.write(
            lambda tx: judging.annotate(tx, truth, request, now_us)
        )
        if revision is None:
            name = f"accounts/{truth.account}"
            raise NotFound("account", name)
        self._changed.ring()
        return Annotated(request.request_id, revision)

    async def quarantine(
        self, quarantine: Quarantine, request: Request, caller: str
    ) -> int:
        """Bar a model or lift that; return how many profiles relied on it."""
        now_us = to_us(self._clock.now())
        action = "LiftQuarantine" if quarantine.lift else "QuarantineModel"
        act = Act(request.request_id, caller, action, quarantine.model_digest)
        count = await self._database.write(
            lambda tx: judging.quarantine(tx, quarantine, request, act, now_us)
        )
        self._changed.ring()
        return count
