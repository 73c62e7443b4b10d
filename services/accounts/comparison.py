"""One comparison of accounts: percentiles and coordination, published as a version."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from services.accounts.domain.coordination.acts import Collected, Seen
from services.accounts.domain.coordination.findings import Summary, cohorts, search
from services.accounts.domain.history import History
from services.accounts.domain.percentiles import Population
from services.accounts.domain.signals import measure
from services.accounts.domain.state import ProfileState
from services.accounts.storage import comparing, profiles, references
from services.accounts.storage.comparing import Glance, Sketched
from services.accounts.storage.feed import PARTITIONS
from services.accounts.storage.references import NOTHING, Finding, Version
from services.runtime.database import Database

PAGE = 200
SKETCHED_ACCOUNTS = 5_000
"""Accounts whose signals are measured anew each time, the oldest sketches first."""
A_PARTITION = 400
"""Accounts that stand for a partition: a hash made it, so they are like all."""
NEWS = 1.5
"""By what factor a number must change to be news."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A version that was published, and how many accounts it says news of."""

    version_us: int
    summary: Summary
    changed_count: int


class Comparison:
    """Compares all accounts once; *hold* keeps the right to, or raises."""

    def __init__(
        self, database: Database, glance: Glance, hold: Callable[[], Awaitable[None]]
    ) -> None:
        self._database = database
        self._glance = glance
        self._hold = hold

    async def run(self, span_us: tuple[int, int], told_us: int) -> Compared:
        """Compare what was done in a span, and publish it as of its end.

        Followers of profiles hear of all news since the version *told_us*.
        """
        await self._database.write(references.drop_unpublished)
        last_us = await self._database.read(references.latest)
        version_us = max(span_us[1], last_us + 1)
        population = await self._population(version_us)
        before = await self._standing()
        seen = await self._seen(span_us)
        await self._hold()
        found, summary = await asyncio.to_thread(_searched, seen, before)
        await self._hold()
        news = list(_news(before, found).items())
        for start in range(0, len(news), PAGE):
            page = dict(news[start : start + PAGE])
            await self._database.write(
                partial(references.add, version_us=version_us, found=page)
            )
        await self._hold()
        version = Version(
            version_us,
            population.to_bytes(),
            summary.account_count,
            summary.act_count,
            summary.edge_count,
            summary.null_edge_count,
            summary.cluster_count,
        )
        await self._database.write(lambda tx: references.publish(tx, version))
        return Compared(version_us, summary, await self._tell(told_us, version_us))

    async def _population(self, now_us: int) -> Population:
        """Sketch some partitions anew; return all of them together."""
        held = await self._database.read(comparing.sketches)
        packed = {each.partition: each.population for each in held}
        missing = [p for p in range(PARTITIONS) if p not in packed]
        left = SKETCHED_ACCOUNTS
        for partition in missing + [each.partition for each in held]:
            if left <= 0:
                break
            states = await self._database.read(
                partial(comparing.states, partition=partition, limit=A_PARTITION)
            )
            left -= len(states)
            packed[partition] = await asyncio.to_thread(_sketched, states)
            sketched = Sketched(partition, now_us, packed[partition])
            await self._database.write(
                partial(comparing.keep_sketch, sketched=sketched)
            )
        await self._hold()
        whole = Population()
        for _, part in sorted(packed.items()):
            whole.merge(Population.from_bytes(part))
        return whole

    async def _standing(self) -> dict[str, Finding]:
        found: dict[str, Finding] = {}
        after = ""
        while page := await self._database.read(
            partial(references.standing, after=after, limit=PAGE)
        ):
            found.update(page)
            after = page[-1][0]
        return found

    async def _seen(self, span_us: tuple[int, int]) -> Seen:
        """Collect what accounts that changed since did."""
        collected = Collected()
        after = ""
        while names := await self._database.read(
            partial(
                comparing.changed_since, since_us=span_us[0], after=after, limit=PAGE
            )
        ):
            after = names[-1]
            await self._hold()
            await self._database.read(
                partial(
                    comparing.collect,
                    names=names,
                    span_us=span_us,
                    glance=self._glance,
                    into=collected,
                )
            )
        return await asyncio.to_thread(collected.seen)

    async def _tell(self, told_us: int, version_us: int) -> int:
        """Let followers know whose profiles say something else now."""
        count, after = 0, ""
        while names := await self._database.read(
            partial(references.found_since, since_us=told_us, after=after, limit=PAGE)
        ):
            after = names[-1]
            count += len(names)
            await self._database.write(
                partial(profiles.touch, accounts=names, now_us=version_us)
            )
        return count


def _sketched(states: list[bytes]) -> bytes:
    found = Population()
    for state in states:
        if state:
            found.add(measure(History.open(ProfileState.from_bytes(state))))
    return found.to_bytes()


def _searched(
    seen: Seen, before: Mapping[str, Finding]
) -> tuple[dict[str, Finding], Summary]:
    clusters = {
        name: finding.coordination.cluster
        for name, finding in before.items()
        if finding.coordination and finding.coordination.cluster
    }
    acting, summary = search(seen, clusters)
    shared = cohorts(seen)
    found = {
        name: Finding(acting.get(name), shared.get(name, NOTHING.cohorts))
        for name in acting.keys() | shared.keys()
    }
    return found, summary


def _news(
    before: Mapping[str, Finding], found: Mapping[str, Finding]
) -> dict[str, Finding]:
    """Return findings that differ from what stands; NOTHING where one went."""
    return {
        name: found.get(name, NOTHING)
        for name in before.keys() | found.keys()
        if _differs(before.get(name, NOTHING), found.get(name, NOTHING))
    }


def _differs(old: Finding, new: Finding) -> bool:
    then, now = old.coordination, new.coordination
    numbers: list[tuple[float, float]] = [
        (old.cohorts.devices, new.cohorts.devices),
        (old.cohorts.networks, new.cohorts.networks),
    ]
    if then is None or now is None:
        if then is not now:
            return True
    else:
        if (then.cluster, then.leads) != (now.cluster, now.leads):
            return True
        numbers += [
            (then.cluster_size, now.cluster_size),
            (then.matched_count, now.matched_count),
            (then.partner_count, now.partner_count),
            (then.event_count, now.event_count),
            (then.p_value, now.p_value),
        ]
    return any(max(pair) > NEWS * min(pair) for pair in numbers)
