"""What people find goes back to accounts, so that it can learn from it."""

from pathlib import Path

from tests.policy.serving import Site, running
from tests.policy.test_server_people import answer, appeal, banned, decide_case
from truepen.accounts.v1 import accounts_service_pb2 as accounts_pb
from truepen.policy.v1 import appeals_service_pb2, cases_service_pb2


async def told(site: Site, count: int) -> list[tuple[str, int, str]]:
    """Wait until accounts was told *count* findings; account, truth, source each."""
    await site.until(lambda: len(site.accounts.annotations) >= count)
    return [(a.name, a.truth, a.source) for a in site.accounts.annotations]


async def test_overturned_appeal_tells_accounts_that_it_is_a_person(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, worker=True, sweep_s=0.05) as site:
        name = await banned(site)
        filed = await appeal(site, name)
        await answer(site, filed, appeals_service_pb2.APPEAL_STATE_OVERTURNED)
        found = await told(site, 1)

    assert found == [("accounts/bot", accounts_pb.TRUTH_PERSON, "appeal")]
    assert site.accounts.annotations[0].decision == name


async def test_stolen_account_teaches_nothing_about_its_owner(tmp_path: Path) -> None:
    async with running(tmp_path, worker=True, sweep_s=0.05) as site:
        stolen = await appeal(
            site,
            await banned(site, "stolen"),
            appeals_service_pb2.APPEAL_GROUND_COMPROMISED_ACCOUNT,
        )
        await answer(site, stolen, appeals_service_pb2.APPEAL_STATE_OVERTURNED)
        wrong = await appeal(site, await banned(site, "wrong"))
        await answer(site, wrong, appeals_service_pb2.APPEAL_STATE_OVERTURNED)
        found = await told(site, 1)

    assert [account for account, _, _ in found] == ["accounts/wrong"]


async def test_finding_reaches_accounts_that_was_away_when_it_was_made(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as site:
        await banned(site)
        site.accounts.leave()
        await decide_case(site, cases_service_pb2.CASE_OUTCOME_CONFIRMED)
    site.accounts.away = False
    async with running(
        tmp_path, accounts=site.accounts, worker=True, sweep_s=0.05
    ) as again:
        found = await told(again, 1)

    assert found == [("accounts/bot", accounts_pb.TRUTH_HOSTED, "review")]
