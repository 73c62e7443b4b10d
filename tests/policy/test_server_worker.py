"""The worker on a real database: what it judges, and where it goes on."""

import asyncio
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from tests.policy.accounts_fake import FakeAccounts, hosted, occasional
from tests.policy.serving import Site, running
from truepen.policy.v1 import (
    appeals_service_pb2,
    cases_service_pb2,
    decisions_pb2,
    notices_service_pb2,
)
from truepen.policy.v1 import enforcement_service_pb2 as pb


async def until_tier(site: Site, account: str, tier: int) -> None:
    """Wait until *account* stands at *tier*."""
    async with asyncio.timeout(5):  # the server has no event to wait for
        while (await site.standing(account)).tier != tier:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def notices_written(site: Site) -> list[decisions_pb2.Notice]:
    """All notices in the outbox."""
    request = notices_service_pb2.WatchNoticesRequest(once=True)
    return [n async for m in site.notices.WatchNotices(request) for n in m.notices]


async def test_hard_evidence_is_judged_without_being_asked(tmp_path: Path) -> None:
    async with running(tmp_path, worker=True, debounce_s=60) as site:
        site.accounts.tell(hosted("bot"), urgent=True)

        await until_tier(site, "bot", decisions_pb2.TIER_BANNED)


async def test_goes_on_from_its_stored_cursor(tmp_path: Path) -> None:
    accounts = FakeAccounts()
    async with running(tmp_path, accounts=accounts, worker=True, debounce_s=0) as site:
        accounts.tell(hosted("first"))
        await until_tier(site, "first", decisions_pb2.TIER_BANNED)
        await asyncio.sleep(0.7)  # until the cursor is stored
    accounts.tell(hosted("second"))
    async with running(tmp_path, accounts=accounts, worker=True, debounce_s=0) as site:
        await until_tier(site, "second", decisions_pb2.TIER_BANNED)
        notices = await notices_written(site)

    assert accounts.cursors_asked == ["", "1"]
    assert len(notices) == 2


async def test_survives_accounts_being_away(tmp_path: Path) -> None:
    async with running(tmp_path, worker=True, debounce_s=0) as site:
        site.accounts.leave()
        await asyncio.sleep(0.3)
        site.accounts.away = False
        site.accounts.tell(hosted("bot"))

        await until_tier(site, "bot", decisions_pb2.TIER_BANNED)


async def test_notice_is_handed_over_once_and_starts_the_waiting_time(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as site:
        site.accounts.tell(occasional("a"))
        await site.evaluate("a")

        first = await notices_written(site)
        site.clock.advance(timedelta(days=1))
        second = await notices_written(site)
        listed = await site.notices.ListNotices(
            notices_service_pb2.ListNoticesRequest(parent="accounts/a")
        )

    assert [n.name for n in first] == [n.name for n in second]
    assert not first[0].HasField("hand_over_time")
    assert listed.notices[0].hand_over_time == second[0].hand_over_time


async def test_time_lifts_measures_and_the_feed_tells(tmp_path: Path) -> None:
    async with running(tmp_path, worker=True, sweep_s=0.05) as site:
        site.accounts.tell(occasional("a"))
        await site.evaluate("a")
        site.clock.advance(timedelta(days=91))

        await until_tier(site, "a", decisions_pb2.TIER_CLEAR)
        await asyncio.sleep(0.3)
        request = pb.WatchStandingsRequest(once=True)
        told = [
            s
            async for m in site.enforcement.WatchStandings(request)
            for s in m.standings
        ]

    assert [s.tier for s in told] == [decisions_pb2.TIER_CLEAR]
    assert told[0].revision == 2


async def test_late_people_escalate_cases_and_stay_sanctions(tmp_path: Path) -> None:
    async with running(tmp_path, worker=True, sweep_s=0.05) as site:
        site.accounts.tell(hosted("bot"))
        await site.evaluate("bot")
        site.accounts.tell(occasional("a"))
        name = (await site.evaluate("a")).decision.name
        await site.appeals.CreateAppeal(
            appeals_service_pb2.CreateAppealRequest(
                decision=name,
                ground=appeals_service_pb2.APPEAL_GROUND_WRONG_FINDING,
                statement="mine",
                request_id=str(uuid4()),
            )
        )
        site.clock.advance(timedelta(days=8))

        await until_tier(site, "a", decisions_pb2.TIER_CLEAR)
        await asyncio.sleep(0.2)
        cases = await site.cases.ListCases(cases_service_pb2.ListCasesRequest())
        bot = await site.standing("bot")

    assert [c.state for c in cases.cases] == [cases_service_pb2.CASE_STATE_ESCALATED]
    assert bot.tier == decisions_pb2.TIER_PUBLISHING_SUSPENDED
