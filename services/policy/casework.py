"""People's work on cases: taken with a claim, decided once, for all its accounts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from services.policy.callers import Caller
from services.policy.domain import case_states
from services.policy.domain.cases import Case, CaseOutcome, CaseState, Finding
from services.policy.domain.events import (
    BanConfirmed,
    DecisionReversed,
    Event,
    Overridden,
    ReversalCause,
)
from services.policy.domain.history import History
from services.policy.domain.names import decision_name
from services.policy.domain.notices import Notice, NoticeKind, notice_of_change
from services.policy.domain.tiers import CaseKind, Ground, Tier
from services.policy.domain.truths import Annotation, found_by_case
from services.policy.effects import noted, written
from services.policy.records import Hearing, decision_of
from services.policy.reports import Desk, Resolution
from services.policy.reversing import Bases, Reverser, reversals
from services.policy.rulebook import Rulebook
from services.policy.storage import annotations, cases
from services.policy.storage.effects import Effects
from services.policy.storage.ledgers import Ledger
from services.policy.storage.store import Store, Transaction
from services.runtime.errors import NotFound
from services.runtime.ids import content_id
from services.runtime.requests import Request

ABOUT_REPORTS = frozenset({CaseKind.REPORT, CaseKind.IMPERSONATION})


@dataclass(frozen=True, slots=True)
class Resolve:
    """Which case, as seen, and what a person found about it."""

    case: str
    version: int
    finding: Finding


class Casework:
    """Claims and decides cases. Raises Refusals of the domain, and NotFound."""

    def __init__(
        self,
        store: Store,
        rulebook: Rulebook,
        reverser: Reverser,
        desk: Desk,
        changed: Callable[[str], None],
    ) -> None:
        """Have *changed* called with each account whose standing may have changed."""
        self._store = store
        self._rulebook = rulebook
        self._reverser = reverser
        self._desk = desk
        self._changed = changed

    async def claim(self, case_id: str, version: int, caller: Caller) -> Case:
        """Take a case to work on, for 30 minutes."""

        def write(connection: Transaction) -> Case:
            case = existing(connection, case_id)
            claimed = case_states.claim(case, caller.identity, (), version, caller.now)
            cases.save(connection, claimed, case)
            return claimed

        return await self._store.write(write)

    async def resolve(self, resolve: Resolve, caller: Caller, request: Request) -> Case:
        """Decide a case and all its accounts, once for this request."""
        hearing = Hearing(caller, (await self._rulebook.current()).live)
        case = await self._store.read(lambda c: existing(c, resolve.case))
        bases = {name: await self._reverser.bases(name) for name in case.accounts}

        def write(connection: Transaction) -> bytes:
            case = existing(connection, resolve.case)
            decided = case_states.resolve(
                case, caller.identity, resolve.finding, resolve.version, caller.now
            )
            cases.save(connection, decided, case)
            if decided.state is CaseState.RESOLVED:
                for account in decided.accounts:
                    basis = bases.get(account, Bases())
                    self._apply(connection, decided, account, hearing, basis)
            return resolve.case.encode()

        await self._store.once(request, write, caller.now)
        decided = await self._store.read(lambda c: existing(c, resolve.case))
        for account in decided.accounts:
            self._changed(account)
        await self._answer_reporters(decided)
        return decided

    def _apply(
        self,
        connection: Transaction,
        case: Case,
        account: str,
        hearing: Hearing,
        bases: Bases,
    ) -> None:
        """Write what the case means to one of its accounts."""
        outcome = case.outcome_for(account)
        confirmed = outcome == CaseOutcome.CONFIRMED

        def plan(ledger: Ledger) -> Effects | None:
            if confirmed:
                return confirmation(case, ledger, hearing)
            if case.kind in ABOUT_REPORTS or outcome == CaseOutcome.NO_ACTION:
                return None
            log = self._reverser.log(connection, account)
            return rejection(case, ledger, hearing, log, bases)

        ledger = self._store.ledger_within(connection, account)
        finding = finding_of(case, ledger)
        if finding is not None:
            annotations.put(connection, account, finding)
        self._store.change_within(connection, account, plan)

    async def _answer_reporters(self, case: Case) -> None:
        """Tell accounts what became of the reports; a retry tells the rest."""
        if case.state is not CaseState.RESOLVED:
            return
        confirmed = case.outcome == CaseOutcome.CONFIRMED
        state = "ACTIONED" if confirmed else "NO_ACTION"
        for report in case.reports:
            resolution = Resolution(report, state, moderator_final=True)
            await self._desk.resolve_report(resolution)


def existing(connection: Transaction, case_id: str) -> Case:
    """Return the case, or raise NotFound."""
    found = cases.get(connection, case_id)
    if found is None:
        raise NotFound("case", f"cases/{case_id}")
    return found


def finding_of(case: Case, ledger: Ledger) -> Annotation | None:
    """Return what the case says about one of its accounts, if anything."""
    name = next(iter(decided_in(case, ledger)), "")
    measure = ledger.history.measure(name)
    truth = found_by_case(
        case.kind, case.outcome_for(ledger.account), measure.made if measure else None
    )
    if truth is None:
        return None
    return Annotation(
        key=f"cases/{case.id}",
        truth=truth,
        source="audit" if case.kind is CaseKind.AUDIT else "review",
        decision=decision_name(ledger.account, name),
    )


def decided_in(case: Case, ledger: Ledger) -> list[str]:
    """Return the ids of the case's decisions on one account that still stand."""
    prefix = f"accounts/{ledger.account}/decisions/"
    named = [d.removeprefix(prefix) for d in case.decisions if d.startswith(prefix)]
    return [name for name in named if standing(ledger.history, name)]


def standing(history: History, decision: str) -> bool:
    """Say whether *decision* was made and not reversed."""
    measure = history.measure(decision)
    return measure is not None and not measure.reversed


def confirmation(case: Case, ledger: Ledger, hearing: Hearing) -> Effects | None:
    """Return what a confirmed case writes: a ban becomes final, or is decided."""
    caller, now, reason = hearing.caller, hearing.caller.now, case.outcome_reason
    if case.kind is CaseKind.BAN_CONFIRMATION:
        names = decided_in(case, ledger)
        events: list[Event] = [
            BanConfirmed(
                time=now, decision=name, identity=caller.identity, reason=reason
            )
            for name in names
        ]
        told = [notice_of_change(NoticeKind.BAN_CONFIRMED, n, now) for n in names]
        return told_effects(ledger, events, told, hearing) if events else None
    if case.kind is not CaseKind.BAN_REVIEW:
        return None
    word = Overridden(
        time=now,
        decision=content_id("review", case.id, ledger.account),
        tier=Tier.BANNED,
        ground=Ground.HOSTED_ACCOUNT,
        identity=caller.identity,
        reason=reason,
    )
    told = [notice_of_change(NoticeKind.BAN_CONFIRMED, word.decision, now)]
    made = decision_of(word, ledger.account, ledger.history, hearing.ruleset)
    effects = told_effects(ledger, [word], told, hearing)
    return replace(effects, decisions=[made])


def rejection(
    case: Case,
    ledger: Ledger,
    hearing: Hearing,
    log: list[Event],
    bases: Bases,
) -> Effects | None:
    """Return what a rejected case writes: its decisions are void from the start."""
    caller, reason = hearing.caller, case.outcome_reason
    names = decided_in(case, ledger)
    if not names:
        return None
    events = [
        DecisionReversed(
            time=caller.now,
            decision=name,
            cause=ReversalCause.REVIEW,
            identity=caller.identity,
            reason=reason,
            word_holds_until=caller.now + hearing.ruleset.ladder.word_holds_for,
        )
        for name in names
    ]
    voided = reversals(ledger.account, log, events, bases)
    kind = NoticeKind.DECISION_REVERSED
    told = [notice_of_change(kind, name, caller.now, reason) for name in names]
    return replace(
        told_effects(ledger, voided.events, told, hearing),
        decisions=voided.decisions,
        measures=voided.measures,
    )


def told_effects(
    ledger: Ledger,
    events: Sequence[Event],
    told: Sequence[Notice],
    hearing: Hearing,
) -> Effects:
    """Return what appending *events* writes, with the notices about them."""
    effects = noted(ledger.history, events, hearing.ruleset, hearing.caller.now)
    return replace(effects, notices=written(*told))
