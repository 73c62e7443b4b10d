"""What happens when people are late: sanctions are stayed, cases escalate.

Silence never frees an unconfirmed ban, and never makes it final.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import structlog

from services.policy.domain import appeals as appeal_rules
from services.policy.domain import case_states
from services.policy.domain.appeals import Appeal
from services.policy.effects import noted
from services.policy.rulebook import Rulebook
from services.policy.storage import appeals, cases
from services.policy.storage.effects import Effects
from services.policy.storage.ledgers import Ledger
from services.policy.storage.store import Store, Transaction
from services.runtime.clock import Clock

log = structlog.get_logger()

AT_ONCE = 100


class Deadlines:
    """Looks for late answers, and does what follows from each once."""

    def __init__(
        self,
        store: Store,
        rulebook: Rulebook,
        clock: Clock,
        changed: Callable[[str], None],
    ) -> None:
        """Have *changed* called with each account whose standing may have changed."""
        self._store = store
        self._rulebook = rulebook
        self._clock = clock
        self._changed = changed

    async def keep(self) -> None:
        """Escalate late cases and stay the sanctions of late appeals."""
        now = self._clock.now()
        late_cases = await self._store.read(lambda c: cases.late(c, now, AT_ONCE))
        for case in late_cases:
            await self._store.write(partial(self._escalate, case_id=case.id))
        late = await self._store.read(lambda c: appeals.late(c, now, AT_ONCE))
        for account, appeal in late:
            if not appeal.stayed:
                await self._stay(account, appeal)

    def _escalate(self, connection: Transaction, case_id: str) -> None:
        case = cases.get(connection, case_id)
        escalated = case and case_states.escalate(case, self._clock.now())
        if case and escalated:
            cases.save(connection, escalated, case)
            log.error("case is late", case=case_id, kind=case.kind.name)

    async def _stay(self, account: str, appeal: Appeal) -> None:
        ruleset = (await self._rulebook.current()).live
        now = self._clock.now()
        if appeal_rules.pages(appeal, now):
            log.error("appeal against a ban is late", appeal=appeal.id)

        def write(connection: Transaction) -> None:
            def plan(ledger: Ledger) -> Effects | None:
                latest = appeals.get(connection, account, appeal.id)
                if latest is None:
                    return None
                event = appeal_rules.stay(latest, ledger.history, now)
                if event is None:
                    return None
                stayed = replace(latest, stayed=True, version=latest.version + 1)
                appeals.save(connection, account, stayed, latest)
                return noted(ledger.history, (event,), ruleset, now)

            self._store.change_within(connection, account, plan)

        await self._store.write(write)
        self._changed(account)
