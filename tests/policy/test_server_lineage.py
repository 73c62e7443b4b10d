"""The next account of a banned identity: a person looks, and nothing else follows."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.policy.accounts_fake import START, a_profile, hosted
from tests.policy.serving import Site, running
from tests.policy.test_server_people import answer, appeal, override
from truepen.accounts.v1 import profile_pb2
from truepen.policy.v1 import (
    appeals_service_pb2,
    cases_service_pb2,
    decisions_pb2,
)

DEVICE, NETWORKS = ["d1"], ["n1", "n2"]


async def ban(site: Site) -> str:
    """The name of the ban of an account whose keys are known."""
    site.accounts.tell(with_keys(hosted("bot"), DEVICE, NETWORKS))
    name: str = (await site.evaluate("bot")).decision.name
    site.clock.advance(timedelta(days=1))
    return name


def with_keys(
    profile: profile_pb2.Profile,
    devices: list[str],
    networks: list[str],
    made_after: timedelta | None = None,
) -> profile_pb2.Profile:
    profile.device_keys.extend(devices)
    profile.network_keys.extend(networks)
    now = START + timedelta(days=1)
    profile.as_of_time.FromDatetime(now)
    if made_after is not None:
        profile.facts.account_create_time.FromDatetime(START + made_after)
    return profile


async def lineage_cases(site: Site) -> list[Any]:
    listed = await site.cases.ListCases(
        cases_service_pb2.ListCasesRequest(kind=cases_service_pb2.CASE_KIND_LINEAGE)
    )
    return list(listed.cases)


async def asked_about(site: Site, profile: profile_pb2.Profile) -> bool:
    """Whether a case opens about this account; its standing stays CLEAR."""
    site.accounts.tell(profile)
    account = profile.name.split("/")[1]
    judged = await site.evaluate(account)
    assert judged.standing.tier == decisions_pb2.TIER_CLEAR
    assert not judged.changed
    return any(f"accounts/{account}" in c.accounts for c in await lineage_cases(site))


async def test_a_new_account_on_a_banned_ones_device_goes_to_review(
    tmp_path: Path,
) -> None:
    later, before = timedelta(hours=6), timedelta(days=-9)
    async with running(tmp_path) as site:
        await ban(site)
        asked = {
            "device": await asked_about(site, with_keys(a_profile("a"), DEVICE, [])),
            "later": await asked_about(
                site, with_keys(a_profile("b"), DEVICE, [], later)
            ),
            "before": await asked_about(
                site, with_keys(a_profile("c"), DEVICE, [], before)
            ),
            "networks": await asked_about(
                site, with_keys(a_profile("d"), ["d9"], NETWORKS)
            ),
            "network": await asked_about(
                site, with_keys(a_profile("e"), ["d9"], NETWORKS[:1])
            ),
            "stranger": await asked_about(
                site, with_keys(a_profile("f"), ["d9"], ["n9"])
            ),
        }

    assert asked == {
        "device": True,
        "later": True,
        "before": False,
        "networks": True,
        "network": False,
        "stranger": False,
    }


async def test_once_a_person_answered_it_is_not_asked_again(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        await ban(site)
        assert await asked_about(site, with_keys(a_profile("a"), DEVICE, []))
        (case,) = await lineage_cases(site)
        claimed = await site.cases.ClaimCase(
            cases_service_pb2.ClaimCaseRequest(name=case.name, version=case.version)
        )
        await site.cases.ResolveCase(
            cases_service_pb2.ResolveCaseRequest(
                name=case.name,
                version=claimed.case.version,
                outcome=cases_service_pb2.CASE_OUTCOME_NO_ACTION,
                reason="His brother's phone.",
                request_id="6f1f8a58-0d5f-4a3b-9df1-111111111111",
            )
        )
        site.accounts.tell(with_keys(a_profile("a", revision=2), DEVICE, []))
        await site.evaluate("a")

        assert len(await lineage_cases(site)) == 1


async def test_a_ban_found_wrong_taints_nobody(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        name = await ban(site)
        await answer(
            site, await appeal(site, name), appeals_service_pb2.APPEAL_STATE_OVERTURNED
        )

        assert not await asked_about(site, with_keys(a_profile("a"), DEVICE, []))


async def test_a_persons_ban_counts_too(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        weak = with_keys(hosted("bot"), DEVICE, NETWORKS)
        weak.operation.registered_by_tool = False
        weak.pending_text_count = 40
        site.accounts.tell(weak)
        suspended = await site.evaluate("bot")
        before = await asked_about(site, with_keys(a_profile("a"), DEVICE, []))
        await site.enforcement.OverrideDecision(
            override("bot", decisions_pb2.TIER_BANNED)
        )
        site.clock.advance(timedelta(days=1))

        assert suspended.standing.tier == decisions_pb2.TIER_PUBLISHING_SUSPENDED
        assert not before
        assert await asked_about(site, with_keys(a_profile("b"), DEVICE, []))
