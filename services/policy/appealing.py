"""Appeals: was the finding right? Filed, claimed by somebody else, answered once."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from services.policy.callers import Caller
from services.policy.domain import appeals as rules
from services.policy.domain.appeals import Appeal, AppealGround, Plea
from services.policy.domain.events import AppealFiled, AppealOutcome, AppealResolved
from services.policy.domain.history import Measure
from services.policy.domain.names import decision_name
from services.policy.domain.notices import NoticeKind, notice_of_change
from services.policy.domain.numbers import Ladder
from services.policy.domain.tiers import Tier
from services.policy.domain.truths import Annotation, found_by_appeal
from services.policy.effects import noted, written
from services.policy.reversing import Reverser, Voided, reversals, with_cascade
from services.policy.rulebook import Rulebook
from services.policy.storage import annotations, appeals, decisions
from services.policy.storage.effects import Effects
from services.policy.storage.ledgers import Ledger
from services.policy.storage.store import Store, Transaction
from services.policy.voiding import falling_with
from services.runtime.errors import NotFound
from services.runtime.ids import content_id
from services.runtime.requests import Request

KINDS = {
    AppealOutcome.UPHELD: NoticeKind.APPEAL_UPHELD,
    AppealOutcome.OVERTURNED: NoticeKind.APPEAL_OVERTURNED,
    AppealOutcome.REMITTED: NoticeKind.APPEAL_REMITTED,
}


@dataclass(frozen=True, slots=True)
class Filing:
    """What somebody asks, about which decision."""

    account: str
    decision: str
    ground: AppealGround
    statement: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reviewer answers, on which version of the appeal."""

    account: str
    appeal: str
    version: int
    outcome: AppealOutcome
    remitted_tier: Tier | None
    reason: str


class Appealing:
    """Keeps appeals. Raises Refusals of the domain, and NotFound."""

    def __init__(
        self,
        store: Store,
        rulebook: Rulebook,
        reverser: Reverser,
        changed: Callable[[str], None],
    ) -> None:
        """Have *changed* called with each account whose standing may have changed."""
        self._store = store
        self._rulebook = rulebook
        self._reverser = reverser
        self._changed = changed

    async def file(self, filing: Filing, caller: Caller, request: Request) -> Appeal:
        """File an appeal, once for this request."""
        ruleset = (await self._rulebook.current()).live
        account, now = filing.account, caller.now
        appeal_id = content_id("appeal", account, request.request_id)

        def write(connection: Transaction) -> bytes:
            def plan(ledger: Ledger) -> Effects:
                earlier = appeals.of_account(connection, account)
                appeal = rules.file(
                    appeal_id,
                    measure_of(ledger, filing.decision),
                    earlier,
                    Plea(filing.ground, filing.statement),
                    now,
                )
                appeals.add(connection, account, appeal)
                event = AppealFiled(
                    time=now, appeal=appeal_id, decision=filing.decision
                )
                told = notice_of_change(
                    NoticeKind.APPEAL_RECEIVED, filing.decision, now
                )
                effects = noted(ledger.history, (event,), ruleset, now)
                return replace(effects, notices=written(told))

            self._store.change_within(connection, account, plan)
            return appeal_id.encode()

        await self._store.once(request, write, now)
        self._changed(account)
        return await self.get(account, appeal_id)

    async def get(self, account: str, appeal: str) -> Appeal:
        """Return an appeal. Raises NotFound."""
        return await self._store.read(lambda c: existing(c, account, appeal))

    async def claim(
        self, account: str, appeal_id: str, version: int, caller: Caller
    ) -> Appeal:
        """Take an appeal to work on; who decided may not."""

        def write(connection: Transaction) -> Appeal:
            appeal = existing(connection, account, appeal_id)
            decided = decisions.get(connection, account, appeal.decision)
            log = self._reverser.log(connection, account)
            involved = {decided.identity} if decided else set()
            involved |= {
                getattr(event, "identity", "")
                for event in log
                if getattr(event, "decision", "") == appeal.decision
            }
            claimed = rules.claim(
                appeal, caller.identity, involved, version, caller.now
            )
            appeals.save(connection, account, claimed, appeal)
            return claimed

        return await self._store.write(write)

    async def resolve(self, answer: Answer, caller: Caller, request: Request) -> Appeal:
        """Answer an appeal, once for this request. It never makes anything worse."""
        ruleset = (await self._rulebook.current()).live
        bases = await self._reverser.bases(answer.account)
        now, account = caller.now, answer.account

        def write(connection: Transaction) -> bytes:
            appeal = existing(connection, account, answer.appeal)
            event = resolved_by(answer, appeal.decision, caller, ruleset.ladder)
            resolved = rules.resolve(appeal, event, answer.version)
            appeals.save(connection, account, resolved, appeal)
            voided = Voided(events=(event,))
            if answer.outcome is not AppealOutcome.UPHELD:
                log = self._reverser.log(connection, account)
                voided = with_cascade(account, log, event, appeal.decision, bases)
                others = falling_with(
                    appeal, event, [*log, *voided.events], bases, ruleset.ladder
                )
                more = reversals(account, [*log, *voided.events], others, bases)
                voided = voided.followed_by(more)
            told = notice_of_change(
                KINDS[answer.outcome], appeal.decision, now, answer.reason
            )

            def plan(ledger: Ledger) -> Effects:
                return replace(
                    noted(ledger.history, voided.events, ruleset, now),
                    decisions=voided.decisions,
                    measures=voided.measures,
                    notices=written(told),
                )

            ledger = self._store.ledger_within(connection, account)
            finding = finding_of(answer, appeal, measure_of(ledger, appeal.decision))
            if finding is not None:
                annotations.put(connection, account, finding)
            self._store.change_within(connection, account, plan)
            return appeal.id.encode()

        await self._store.once(request, write, now)
        self._changed(account)
        return await self.get(account, answer.appeal)


def resolved_by(
    answer: Answer, decision: str, caller: Caller, ladder: Ladder
) -> AppealResolved:
    """Return the event that answers an appeal."""
    return AppealResolved(
        time=caller.now,
        appeal=answer.appeal,
        decision=decision,
        outcome=answer.outcome,
        identity=caller.identity,
        reason=answer.reason,
        remitted_tier=answer.remitted_tier,
        word_holds_until=rules.word_holds_until(answer.outcome, caller.now, ladder),
    )


def finding_of(answer: Answer, appeal: Appeal, measure: Measure) -> Annotation | None:
    """Return what the answer says about the account, if anything."""
    truth = found_by_appeal(answer.outcome, appeal.ground, measure.made)
    if truth is None:
        return None
    return Annotation(
        key=f"appeals/{appeal.id}",
        truth=truth,
        source="appeal",
        decision=decision_name(answer.account, appeal.decision),
    )


def existing(connection: Transaction, account: str, appeal: str) -> Appeal:
    """Return the appeal, or raise NotFound."""
    found = appeals.get(connection, account, appeal)
    if found is None:
        raise NotFound("appeal", f"accounts/{account}/appeals/{appeal}")
    return found


def measure_of(ledger: Ledger, decision: str) -> Measure:
    """Return the measure of a decision, or raise NotFound."""
    measure = ledger.history.measure(decision)
    if measure is None:
        name = decision_name(ledger.account, decision)
        raise NotFound("decision", name)
    return measure
