"""What must hold whatever happens: a plain model beside the services."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, func, select

from services.accounts.storage.activities import ACTIVITIES
from services.cli.verify import verified
from services.policy.convert.decisions import INTERACTION_TIER_OF, TIER_OF
from services.policy.domain.fold import fold_all
from services.policy.domain.standing import standing_of
from services.policy.queries import holds
from services.policy.storage import decisions, ledgers, standings
from services.policy.storage.notices import NOTICES
from tests.simulation.site import Site
from truepen.accounts.v1 import accounts_service_pb2 as accounts_pb
from truepen.policy.v1 import enforcement_service_pb2 as policy_pb


@dataclass(slots=True)
class Known:
    """What callers have seen of one account."""

    sent: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    revision: int = 0
    standing_revision: int = 0
    decisions: dict[str, Any] = field(default_factory=dict)
    replayed: set[str] = field(default_factory=set)


class Model:
    """Plain dicts of what was acknowledged, and the checks against them."""

    def __init__(self) -> None:
        self.accounts: dict[str, Known] = {}
        self.notices: set[str] = set()
        self.checks = 0

    def known(self, account: str) -> Known:
        """Return what is known of *account*."""
        return self.accounts.setdefault(account, Known())

    def recorded(self, account: str, sent: Sequence[Any], results: Any) -> None:
        """Take an answer in: new once, and a duplicate only of what was sent."""
        known = self.known(account)
        assert len(results) == len(sent)
        for activity, result in zip(sent, results, strict=True):
            assert result.HasField("recorded"), (activity.id, result.error)
            if not result.recorded.duplicate:
                assert activity.id not in known.acknowledged, "applied twice"
            known.acknowledged.add(activity.id)

    def told(self, notices: Sequence[Any]) -> None:
        """Take notices in: none comes twice."""
        for notice in notices:
            assert notice.name not in self.notices, "a notice came twice"
            self.notices.add(notice.name)

    async def check(self, site: Site, account: str) -> None:
        """Hold all that is kept about *account* against what is known."""
        self.checks += 1
        known = self.known(account)
        if not known.sent:
            return
        await self._check_log(site, account, known)
        await self._check_decisions(site, account, known)

    async def _check_log(self, site: Site, account: str, known: Known) -> None:
        accounts, _ = site.databases

        def ids(connection: Connection) -> list[str]:
            chosen = select(ACTIVITIES.c.id).where(ACTIVITIES.c.account == account)
            return list(connection.scalars(chosen))

        kept = await accounts.read(ids)
        if not kept:
            assert not known.acknowledged, "acknowledged activities are lost"
            return
        profile = (
            await site.accounts.GetProfile(
                accounts_pb.GetProfileRequest(name=f"accounts/{account}/profile")
            )
        ).profile
        assert len(kept) == len(set(kept)) == profile.activity_count, "counted twice"
        assert known.acknowledged <= set(kept), "acknowledged activities are lost"
        assert set(kept) <= known.sent, "nobody did this"
        assert profile.revision >= known.revision, "a profile went back"
        known.revision = profile.revision
        rebuilt = await site.parts.profiles.rebuild(account)
        assert rebuilt.same, "the log adds up to another profile"

    async def _check_decisions(self, site: Site, account: str, known: Known) -> None:
        _, policy = site.databases

        def read(connection: Connection) -> Any:
            verified(connection, account)
            made = decisions.page(connection, account, None, 10_000, evidence=True)
            log = [entry.event for entry in ledgers.entries(connection, account)]
            where = NOTICES.c.account == account
            keys = connection.scalars(select(NOTICES.c.key).where(where))
            number = connection.scalar(
                select(func.count()).select_from(NOTICES).where(where)
            )
            return made, log, list(keys), number, standings.get(connection, account)

        made, log, keys, number, stored = await policy.read(read)
        findings = Counter((one.evidence, one.ruleset_digest) for one in made)
        assert all(count == 1 for count in findings.values()), "decided twice"
        now_known = {one.id: one.entry_hash for one in made}
        for decision, entry_hash in known.decisions.items():
            assert now_known.get(decision) == entry_hash, "a decision is lost"
        known.decisions = now_known
        assert len(set(keys)) == number, "a notice was written twice"
        history = fold_all(log)
        assert (await site.core.store.ledger(account)).history == history, "stale"
        await self._check_standing(site, account, history, stored)
        for decision in now_known.keys() - known.replayed:
            name = f"accounts/{account}/decisions/{decision}"
            again = await site.enforcement.ReplayDecision(
                policy_pb.ReplayDecisionRequest(name=name)
            )
            assert again.identical, ("replayed otherwise", list(again.differences))
            known.replayed.add(decision)

    async def _check_standing(
        self, site: Site, account: str, history: Any, stored: Any
    ) -> None:
        now = site.clocks.policy.now()
        rules = await site.core.rulebook.current()
        standing = standing_of(history, now, rules.live.ladder)
        answer = (
            await site.enforcement.GetStanding(
                policy_pb.GetStandingRequest(name=f"accounts/{account}/standing")
            )
        ).standing
        if stored is None:
            assert not history.measures, "decided, but nobody stands differently"
            return
        assert answer.revision >= self.known(account).standing_revision
        self.known(account).standing_revision = answer.revision
        if holds(stored, now):
            told = TIER_OF[answer.tier], INTERACTION_TIER_OF[answer.interaction_tier]
            assert told == (standing.tier, standing.interaction), "not what follows"
