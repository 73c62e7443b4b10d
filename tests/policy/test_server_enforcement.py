"""EnforcementService as a client sees it: real server, real database."""

from pathlib import Path

from tests.policy.accounts_fake import a_profile, add_flagged, hosted, occasional
from tests.policy.serving import running
from truepen.policy.v1 import decisions_pb2
from truepen.policy.v1 import enforcement_service_pb2 as pb


async def test_account_about_which_nothing_speaks_is_clear(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        site.accounts.tell(a_profile("a"))

        response = await site.evaluate("a")

    assert response.decision.tier == decisions_pb2.TIER_CLEAR
    assert response.decision.name == ""
    assert not response.changed
    assert response.standing.revision == 0


async def test_wholly_hosted_account_is_banned_at_once(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        site.accounts.tell(hosted("bot"))

        response = await site.evaluate("bot")
        standing = await site.standing("bot")

    assert response.changed
    assert response.decision.tier == decisions_pb2.TIER_BANNED
    assert response.decision.provisional
    assert standing.tier == decisions_pb2.TIER_BANNED
    assert not standing.can_publish
    assert not standing.HasField("expire_time")


async def test_occasional_use_earns_a_notice(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        site.accounts.tell(occasional("a"))

        response = await site.evaluate("a")

    assert response.decision.tier == decisions_pb2.TIER_NOTICE
    assert response.standing.can_publish


async def test_one_post_with_metadata_labels_that_post_and_not_its_account(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as site:
        profile = occasional("a")
        add_flagged(profile, 1, "AIGC_LABEL")
        site.accounts.tell(profile)

        response = await site.evaluate("a")
        measures = await site.enforcement.BatchGetContentMeasures(
            pb.BatchGetContentMeasuresRequest(
                keys=[pb.ContentKey(account="accounts/a", content="n0")]
            )
        )

    assert response.standing.tier == decisions_pb2.TIER_NOTICE
    assert response.standing.label == ""
    assert measures.measures[0].label == "AI_GENERATED"


async def test_account_that_publishes_only_ai_content_is_labelled_as_a_whole(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as site:
        site.accounts.tell(hosted("bot"))

        response = await site.evaluate("bot")

    assert response.standing.label == "AI_GENERATED"


async def test_account_is_labelled_by_the_weakest_proof_among_its_posts(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as site:
        profile = hosted("bot")
        add_flagged(profile, 1, "AI_STYLE")
        site.accounts.tell(profile)

        response = await site.evaluate("bot")

    assert response.standing.label == "SUSPECTED_AI"
