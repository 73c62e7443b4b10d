"""Whether an account is the next one of somebody whose account is banned.

A shared device is no proof: a person looks, and nothing else follows.
"""

from collections.abc import Collection
from dataclasses import replace

from services.policy.domain.evidence import DAY, Evidence
from services.policy.domain.tiers import Tier
from services.policy.storage import identities, standings
from services.policy.storage.standings import StoredStanding
from services.policy.storage.store import Store, Transaction

FEWEST_NETWORKS = 2
"""Networks that must be shared where no device is: one may be a whole city's."""


class Lineage:
    """Looks up banned accounts by device and network keys."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def known(self, evidence: Evidence) -> Evidence:
        """Return *evidence* with what is known of its lineage; None stays unknown."""
        if not evidence.device_keys and not evidence.network_keys:
            return evidence
        found = await self._store.read(lambda c: banned_kin(c, evidence))
        return replace(evidence, banned_lineage=found)


def banned_kin(connection: Transaction, evidence: Evidence) -> bool:
    """Say whether a banned account shares enough, and is older than this one."""
    account = evidence.account
    kin = set(identities.sharing(connection, account, evidence.device_keys))
    networks = identities.sharing(connection, account, evidence.network_keys)
    kin |= {name for name, count in networks.items() if count >= FEWEST_NETWORKS}
    return any(came_before(s, evidence) for s in banned(connection, kin))


def banned(connection: Transaction, accounts: Collection[str]) -> list[StoredStanding]:
    """Return how those of *accounts* stand that are banned."""
    found = standings.get_many(connection, sorted(accounts)).values()
    return [standing for standing in found if standing.tier == Tier.BANNED]


def came_before(standing: StoredStanding, evidence: Evidence) -> bool:
    """Say whether the account is newer than the ban; of unknown age counts as newer."""
    if evidence.account_age_days is None:
        return True
    made = evidence.as_of_time - evidence.account_age_days * DAY
    return made >= standing.update_time
