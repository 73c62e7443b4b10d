"""EnforcementService as a client sees it: real server, real database."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc

from tests.policy.accounts_fake import START, a_profile, add_flagged, hosted, occasional
from tests.policy.serving import Site, running
from truepen.accounts.v1 import activities_pb2
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


async def test_a_batch_judges_each_account_as_a_call_for_it_does(
    tmp_path: Path,
) -> None:
    names = ["bot", "nobody", "a", "bot"]
    request = pb.BatchEvaluateAccountsRequest(accounts=[f"accounts/{n}" for n in names])
    async with running(tmp_path) as site:
        site.accounts.tell(hosted("bot"))
        site.accounts.tell(a_profile("a"))

        results = (await site.enforcement.BatchEvaluateAccounts(request)).results
        again = await site.evaluate("bot")

    assert [result.WhichOneof("result") for result in results] == [
        "evaluation",
        "error",
        "evaluation",
        "evaluation",
    ]
    banned, clear = results[0].evaluation, results[2].evaluation
    assert banned.changed
    assert not again.changed
    assert banned.decision == again.decision
    assert banned.standing == again.standing
    assert results[3] == results[0]
    assert results[1].error.code == grpc.StatusCode.NOT_FOUND.value[0]
    assert clear.decision.tier == decisions_pb2.TIER_CLEAR


async def test_a_dry_batch_changes_nothing(tmp_path: Path) -> None:
    request = pb.BatchEvaluateAccountsRequest(accounts=["accounts/bot"], dry_run=True)
    async with running(tmp_path) as site:
        site.accounts.tell(hosted("bot"))

        [result] = (await site.enforcement.BatchEvaluateAccounts(request)).results

        assert result.evaluation.decision.tier == decisions_pb2.TIER_BANNED
        assert (await site.standing("bot")).tier == decisions_pb2.TIER_CLEAR


async def test_nothing_of_a_banned_account_may_be_recommended(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        site.accounts.tell(hosted("bot"))
        await site.evaluate("bot")

        answer = await site.enforcement.BatchGetContentMeasures(
            pb.BatchGetContentMeasuresRequest(
                keys=[
                    pb.ContentKey(account="accounts/bot", content="never-flagged"),
                    pb.ContentKey(account="accounts/other", content="n1"),
                ]
            )
        )
        standing = await site.standing("bot")

    banned, other = answer.measures
    assert not banned.recommended
    assert banned.decision == standing.decision
    assert other.recommended
    assert other.decision == ""


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


async def limit_publishing(site: Site, account: str) -> None:
    """Have a person allow *account* one post a day."""
    await site.enforcement.OverrideDecision(
        pb.OverrideDecisionRequest(
            account=f"accounts/{account}",
            tier=decisions_pb2.TIER_PUBLISHING_LIMITED,
            ground=decisions_pb2.GROUND_AI_CONTENT,
            reason="looked at it",
            request_id=str(uuid4()),
        )
    )


async def review(site: Site, activity: str, time: datetime, **fields: Any) -> Any:
    """Review a post of account `a`; how the account stands then."""
    kind = fields.pop("type", activities_pb2.ACTIVITY_TYPE_NOTE)
    posted = activities_pb2.Activity(id=activity, account="accounts/a", type=kind)
    posted.event_time.FromDatetime(time)
    request = pb.ReviewActivityRequest(activity=posted)
    return (await site.enforcement.ReviewActivity(request)).standing


async def test_posts_left_is_what_the_day_has_left_and_starts_anew(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as site:
        await limit_publishing(site, "a")
        before = await site.standing("a")
        after = await review(site, "n1", START)
        again = await review(site, "n1", START)
        site.clock.advance(timedelta(days=1))
        next_day = await site.standing("a")

    assert before.posts_left == 1
    assert after.posts_left == again.posts_left == 0
    assert next_day.posts_left == 1


async def test_post_made_before_the_limit_counts_and_a_comment_does_not(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as site:
        await review(site, "c1", START, type=activities_pb2.ACTIVITY_TYPE_COMMENT)
        await review(site, "old", START - timedelta(days=1))
        await limit_publishing(site, "a")
        other = await site.standing("a")
        await review(site, "n1", START)
        spent = await site.standing("a")

    assert other.posts_left == 1
    assert spent.posts_left == 0


async def test_posts_of_the_day_survive_a_restart(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        await review(site, "n1", START)
    async with running(tmp_path) as site:
        await limit_publishing(site, "a")
        standing = await site.standing("a")

    assert standing.posts_left == 0
