"""Reading profiles: what is kept of an account, derived at an instant."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.accounts.domain.activities import AccountKind
from services.accounts.domain.arrays import Floats
from services.accounts.domain.evidence import Coordination, References
from services.accounts.domain.history import History
from services.accounts.domain.ownership import current_epoch
from services.accounts.domain.percentiles import Population
from services.accounts.domain.profile import AccountFacts, Profile, derive
from services.accounts.domain.state import ProfileState
from services.accounts.domain.times import from_us, to_us
from services.accounts.storage import profiles, reading, references
from services.accounts.storage.reading import Kept, Remember
from services.runtime.clock import Clock
from services.runtime.database import Database
from services.runtime.errors import NotFound, RevisionNotReached

KEPT_POPULATIONS = 4
"""Versions of the population held ready; older ones are read anew."""
BREATH = 8
"""After so many profiles, a few milliseconds, others have their turn."""


@dataclass(frozen=True, slots=True)
class Read:
    """A profile, the ids of its flagged contents, and the models that count."""

    profile: Profile
    content_ids: dict[bytes, str]
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """An account whose log was folded anew; `same` = byte for byte."""

    account: str
    same: bool


class Profiles:
    """Reads profiles, now or as of an earlier instant."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        remember: Remember,
        effective_time: datetime | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._remember = remember
        self._effective_time = effective_time
        self._populations: dict[int, Mapping[str, Floats]] = {0: {}}

    async def get(self, account: str, min_revision: int = 0) -> Read:
        """Return the profile of *account*; raise NotFound, RevisionNotReached."""
        [found] = await self.get_many([account])
        if found is None:
            raise NotFound("account", f"accounts/{account}")
        revision = found.profile.revision
        if revision < min_revision:
            name = f"accounts/{account}/profile"
            raise RevisionNotReached(name, min_revision, revision)
        return found

    async def get_many(self, names: Sequence[str]) -> list[Read | None]:
        """Return the profile of each of *names*; None where it is not known."""
        kept = await self._database.read(lambda tx: reading.kept(tx, names))
        now = self._clock.now()
        found: list[Read | None] = []
        for number, name in enumerate(names):
            if number % BREATH == 0:
                await asyncio.sleep(0)  # other calls go on meanwhile
            known = kept.get(name)
            found.append(await self._read(known, now) if known else None)
        return found

    async def get_as_of(self, account: str, instant: datetime) -> Read:
        """Return the profile of *account* as it was at *instant*."""
        until_us, remember = to_us(instant), self._remember
        kept = await self._database.read(
            lambda tx: reading.kept_as_of(tx, account, remember, until_us)
        )
        if kept is None:
            raise NotFound("account", f"accounts/{account}")
        return await self._read(kept, instant)

    async def page(self, after: str, limit: int) -> list[Read]:
        """Return up to *limit* profiles by account, later than *after*."""
        held = await self._database.read(lambda tx: profiles.page(tx, after, limit))
        found = await self.get_many([each.account for each in held])
        return [each for each in found if each is not None]

    async def ownership(self, names: Sequence[str]) -> dict[str, int]:
        """Return the ownership epoch of each of *names* that has a profile."""
        held = await self._database.read(lambda tx: profiles.profiles(tx, names))
        return {
            name: current_epoch(
                History.open(ProfileState.from_bytes(found.state))
            ).index
            for name, found in held.items()
            if found.state
        }

    async def rebuild(self, account: str) -> Rebuilt:
        """Fold the log of *account* anew and compare with what is kept."""
        remember = self._remember
        same = await self._database.read(
            lambda tx: reading.is_reproduced(tx, account, remember)
        )
        return Rebuilt(account, same)

    async def _read(self, kept: Kept, now: datetime) -> Read:
        account = kept.told.account
        profile = self._derive(kept, now, await self._quantiles(kept.version_us))
        times = [to_us(each.event_time) for each in profile.flagged_contents]
        if not times:
            return Read(profile, {}, kept.models)
        remember = self._remember
        ids = await self._database.read(
            lambda tx: reading.content_ids(tx, account, times, remember)
        )
        return Read(profile, ids, kept.models)

    def _derive(
        self, kept: Kept, now: datetime, quantiles: Mapping[str, Floats]
    ) -> Profile:
        packed = kept.held.state
        state = ProfileState.from_bytes(packed) if packed else ProfileState.empty()
        return derive(
            state, self._facts(kept), now, _references(kept, state, quantiles)
        )

    async def _quantiles(self, version_us: int) -> Mapping[str, Floats]:
        """Return the population's quantiles of a version, read once."""
        if version_us not in self._populations:
            found = await self._database.read(
                lambda tx: references.version(tx, version_us)
            )
            population = Population.from_bytes(found.population if found else b"")
            while len(self._populations) >= KEPT_POPULATIONS:
                self._populations.pop(next(iter(self._populations)), None)
            self._populations[version_us] = population.quantiles()
        return self._populations[version_us]

    def _facts(self, kept: Kept) -> AccountFacts:
        told = kept.told
        return AccountFacts(
            account=told.account,
            revision=kept.held.revision,
            kind=AccountKind(told.kind),
            create_time=None if told.create_us is None else from_us(told.create_us),
            follower_count=told.follower_count,
            protected=told.protected,
            language=told.language,
            presence_check_time=(
                None if told.presence_us is None else from_us(told.presence_us)
            ),
            effective_time=self._effective_time,
            pending_text_count=kept.waiting,
            reports=kept.reports,
        )


def _references(
    kept: Kept, state: ProfileState, quantiles: Mapping[str, Floats]
) -> References:
    """What other accounts say of this one; without a version they say nothing."""
    if not kept.version_us:
        return References(quarantined_models=kept.quarantined)
    alone = Coordination("", 0, 0, state.tallies.activity_count, 1.0)
    return References(
        f"{from_us(kept.version_us):%Y%m%dT%H%M%S.%fZ}",
        quantiles,
        kept.finding.coordination or alone,
        kept.finding.cohorts,
        kept.quarantined,
    )
