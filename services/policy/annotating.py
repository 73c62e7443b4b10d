"""Tells accounts what people found, so that it can learn; again until it answers."""

import asyncio
from functools import partial
from typing import Protocol

import structlog

from services.policy.domain.truths import Annotation
from services.policy.leases import Held
from services.policy.storage import annotations
from services.policy.storage.store import Store
from services.runtime.errors import FailedPrecondition, InvalidFields, NotFound

log = structlog.get_logger()

AT_ONCE = 100
REFUSALS = (NotFound, InvalidFields, FailedPrecondition)


class Learner(Protocol):
    """Who learns from findings."""

    async def annotate(self, account: str, annotation: Annotation) -> None:
        """Take a finding in; idempotent by its key."""


class Annotator:
    """Empties the outbox of findings."""

    def __init__(self, learner: Learner, store: Store, pause: float) -> None:
        """Look for findings every *pause* seconds."""
        self._learner = learner
        self._store = store
        self._pause = pause

    async def work(self, held: Held) -> None:
        """Tell until cancelled, or until accounts fails."""
        while True:
            found = await self._store.read(lambda c: annotations.waiting(c, AT_ONCE))
            for account, annotation in found:
                await self._tell(account, annotation)
            if len(found) < AT_ONCE:
                await asyncio.sleep(self._pause)

    async def _tell(self, account: str, annotation: Annotation) -> None:
        try:
            await self._learner.annotate(account, annotation)
        except REFUSALS as error:  # it would be refused for ever: it was erased
            log.warning("finding refused", key=annotation.key, reason=error.reason)
        told = partial(annotations.told, account=account, key=annotation.key)
        await self._store.append(told)
