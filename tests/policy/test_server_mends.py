"""What a first-time user stumbled over: each as the fact that holds now."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.policy.accounts_fake import a_profile, hosted, occasional, speaking
from tests.policy.serving import Site, running
from tests.policy.test_server_people import (
    answer,
    appeal,
    banned,
    decide_case,
    override,
    reason_of,
    the_case,
)
from truepen.accounts.v1 import profile_pb2
from truepen.accounts.v1 import reports_service_pb2 as reports_pb
from truepen.policy.v1 import (
    appeals_service_pb2,
    cases_service_pb2,
    decisions_pb2,
    notices_service_pb2,
)
from truepen.policy.v1 import enforcement_service_pb2 as pb

REJECTED = cases_service_pb2.CASE_OUTCOME_REJECTED
OVERTURNED = appeals_service_pb2.APPEAL_STATE_OVERTURNED


async def notices(site: Site, account: str) -> list[Any]:
    listed = await site.notices.ListNotices(
        notices_service_pb2.ListNoticesRequest(parent=f"accounts/{account}")
    )
    return list(listed.notices)


async def explained(site: Site, name: str) -> decisions_pb2.Decision:
    response = await site.enforcement.GetDecision(
        pb.GetDecisionRequest(name=name, explain=True)
    )
    decision: decisions_pb2.Decision = response.decision
    return decision


async def test_a_persons_reason_is_in_notice_and_statement(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        made = await site.enforcement.OverrideDecision(
            override("a", decisions_pb2.TIER_WARNING, reason="您卖了这个账号。")
        )
        (notice,) = await notices(site, "a")
        answered = await site.enforcement.GetStatementOfReasons(
            pb.GetStatementOfReasonsRequest(name=made.decision.name)
        )

    assert "您卖了这个账号。" in notice.body_zh
    assert "您卖了这个账号。" in answered.statement.text_zh
    assert "您卖了这个账号。" in answered.statement.text_en


async def test_a_strike_is_spoken_of_only_where_one_was_given(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        await site.enforcement.OverrideDecision(
            override("a", decisions_pb2.TIER_WARNING)
        )
        (notice,) = await notices(site, "a")

    assert "strike" not in notice.body_en
    assert "违规" not in notice.body_zh
    assert "posts" not in notice.body_en


async def test_who_is_cleared_is_not_told_that_a_strike_went(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        await site.enforcement.OverrideDecision(
            override("a", decisions_pb2.TIER_CLEAR, reason="He showed his drafts.")
        )
        (notice,) = await notices(site, "a")

    assert "strike" not in notice.body_en
    assert notice.body_en.startswith("He showed his drafts.\nA person ended")


async def test_an_overturned_appeal_closes_the_case_about_the_ban(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as site:
        name = await banned(site)
        await answer(site, await appeal(site, name), OVERTURNED)
        case = await the_case(site)

    assert case.state == cases_service_pb2.CASE_STATE_RESOLVED
    assert case.outcome == REJECTED


async def test_a_persons_other_decision_closes_the_case_about_the_ban(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as site:
        await banned(site)
        await site.enforcement.OverrideDecision(
            override("bot", decisions_pb2.TIER_NOTICE)
        )
        case = await the_case(site)

    assert case.state == cases_service_pb2.CASE_STATE_RESOLVED
    assert case.outcome == cases_service_pb2.CASE_OUTCOME_NO_ACTION


async def test_of_a_cluster_only_the_one_that_won_leaves_the_case(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as site:
        names = []
        for account in ("one", "two"):
            profile = hosted(account)
            profile.cluster = "ring"
            site.accounts.tell(profile)
            names.append((await site.evaluate(account)).decision.name)
        await answer(site, await appeal(site, names[0]), OVERTURNED)
        case = await the_case(site)
        done = await decide_case(site, cases_service_pb2.CASE_OUTCOME_CONFIRMED)

    assert case.state == cases_service_pb2.CASE_STATE_OPEN
    tiers = {s.name.split("/")[1]: s.tier for s in done.standings}
    assert tiers == {
        "one": decisions_pb2.TIER_CLEAR,
        "two": decisions_pb2.TIER_BANNED,
    }


async def test_a_ban_waits_for_the_texts_of_its_batch(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        profile = hosted("bot")
        profile.operation.registered_by_tool = False
        profile.pending_text_count = 30
        site.accounts.tell(profile)
        early = await site.evaluate("bot")
        profile.pending_text_count, profile.revision = 0, 2
        site.accounts.tell(profile)
        later = await site.evaluate("bot")

    assert early.standing.tier == decisions_pb2.TIER_PUBLISHING_SUSPENDED
    assert "pending_texts" in early.decision.held_back
    assert later.standing.tier == decisions_pb2.TIER_BANNED


async def test_an_account_run_by_a_tool_needs_no_texts(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        profile = hosted("bot")
        profile.pending_text_count = 30
        site.accounts.tell(profile)
        judged = await site.evaluate("bot")

    assert judged.standing.tier == decisions_pb2.TIER_BANNED


async def test_an_old_version_is_to_be_read_again(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        await banned(site)
        case = await the_case(site)
        stale = cases_service_pb2.ClaimCaseRequest(
            name=case.name, version=case.version + 7
        )
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await site.cases.ClaimCase(stale)

    assert caught.value.code() is grpc.StatusCode.ABORTED
    assert reason_of(caught.value) == "WRITE_CONFLICT"
    assert "read it again" in str(caught.value.details())
    assert "retry" not in str(caught.value.details())


async def test_scores_are_hidden_until_everybody_has_committed(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        name = await banned(site)
        before = await explained(site, name)
        await decide_case(site, cases_service_pb2.CASE_OUTCOME_CONFIRMED)
        confirmed = await explained(site, name)
        filed = await appeal(site, name)
        appealed = await explained(site, name)
        await answer(site, filed, appeals_service_pb2.APPEAL_STATE_UPHELD)
        after = await explained(site, name)

    for hidden in (before, appealed):
        assert hidden.scores_withheld
        evidence = json.loads(hidden.evidence_json)
        assert "tool_post_count" in evidence
        assert not {"automation", "reliance_lower", "style_llr"} & set(evidence)
    for shown in (confirmed, after):
        assert not shown.scores_withheld
        assert json.loads(shown.evidence_json)["automation"] > 0.9


def a_report(name: str, state: Any) -> reports_pb.Report:
    return reports_pb.Report(
        name=f"reports/{name}",
        target_account="accounts/critic",
        category=reports_pb.REPORT_CATEGORY_AI_CONTENT,
        reporter="accounts/fan",
        state=state,
    )


async def test_a_case_without_reports_left_is_closed(tmp_path: Path) -> None:
    async with running(tmp_path, worker=True) as site:
        received = reports_pb.REPORT_STATE_RECEIVED
        withdrawn = reports_pb.REPORT_STATE_WITHDRAWN
        for name in ("r1", "r2"):
            site.reports.receive(a_report(name, received))
        await site.until(lambda: len(site.reports.resolved) == 2)
        site.reports.receive(a_report("r1", withdrawn))
        open_case = await when_reports_are(site, 1)
        site.reports.receive(a_report("r2", withdrawn))
        closed = await when_reports_are(site, 0)

    assert open_case.state == cases_service_pb2.CASE_STATE_OPEN
    assert closed.state == cases_service_pb2.CASE_STATE_RESOLVED
    assert closed.outcome == cases_service_pb2.CASE_OUTCOME_NO_ACTION


async def when_reports_are(site: Site, count: int) -> cases_service_pb2.Case:
    """The only case, once it holds so many reports."""
    for _ in range(200):
        case = await the_case(site)
        if case.report_count == count:
            break
        await site.until(lambda: True)
    assert case.report_count == count
    return case


def liking(account: str) -> profile_pb2.Profile:
    """An account that only likes, by a script."""
    kinds = (profile_pb2.CHANNEL_KIND_OPERATION, profile_pb2.CHANNEL_KIND_TEMPO)
    return a_profile(
        account,
        reliances=[
            profile_pb2.Reliance(state=profile_pb2.RELIANCE_STATE_NOT_IDENTIFIABLE)
        ],
        channels=[speaking(kind, 4.0) for kind in kinds],
        automation=profile_pb2.Automation(probability=0.9999, channels=kinds),
        interaction_automation=profile_pb2.Automation(
            probability=0.9999, channels=kinds, support=300, strategies=["TIMED_LIKE"]
        ),
    )


async def test_an_account_that_only_likes_is_told_of_no_posts(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        site.accounts.tell(liking("fan"))
        judged = await site.evaluate("fan")
        (notice,) = await notices(site, "fan")

    assert judged.standing.tier == decisions_pb2.TIER_WARNING
    facts, _, effects = notice.body_en.partition("\n")
    assert "post" not in facts + effects.partition("Please")[0]


async def test_a_dry_run_on_a_banned_account_names_the_ground(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        await banned(site)
        site.accounts.tell(hosted("bot", revision=2))
        site.clock.advance(timedelta(hours=1))
        dry = await site.evaluate("bot", dry_run=True)

    assert dry.decision.tier == decisions_pb2.TIER_BANNED
    assert dry.decision.ground == decisions_pb2.GROUND_HOSTED_ACCOUNT


async def test_who_stole_an_account_leaves_nothing_on_it(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        weak = hosted("bot")
        weak.operation.registered_by_tool = False
        weak.pending_text_count = 30  # suspended first, banned next
        site.accounts.tell(weak)
        await site.evaluate("bot")
        site.accounts.tell(hosted("bot", revision=2))
        ban = (await site.evaluate("bot")).decision.name
        ground = appeals_service_pb2.APPEAL_GROUND_COMPROMISED_ACCOUNT
        answered = await answer(site, await appeal(site, ban, ground), OVERTURNED)

    assert answered.standing.tier == decisions_pb2.TIER_CLEAR
    assert answered.standing.active_strike_count == 0


async def test_a_wrong_finding_takes_the_earlier_steps_of_its_episode(
    tmp_path: Path,
) -> None:
    """They rest on it, and one of them gave the strike that is said to be void."""
    async with running(tmp_path) as site:
        weak = hosted("bot")
        weak.operation.registered_by_tool = False
        weak.pending_text_count = 30  # suspended first, banned next
        site.accounts.tell(weak)
        first = (await site.evaluate("bot")).decision
        site.accounts.tell(hosted("bot", revision=2))
        ban = (await site.evaluate("bot")).decision
        answered = await answer(site, await appeal(site, ban.name), OVERTURNED)
        earlier = await explained(site, first.name)

    assert first.tier == decisions_pb2.TIER_PUBLISHING_SUSPENDED
    assert ban.tier == decisions_pb2.TIER_BANNED
    assert earlier.state == decisions_pb2.DECISION_STATE_REVERSED
    assert answered.standing.tier == decisions_pb2.TIER_CLEAR
    assert answered.standing.active_strike_count == 0


async def test_a_revision_that_accounts_uses_again_after_a_restore_decides_nothing(
    tmp_path: Path,
) -> None:
    """docs/backup.md, "Accounts restored": until the profile has moved on."""
    async with running(tmp_path) as site:
        site.accounts.tell(occasional("a", revision=5))
        first = await site.evaluate("a")
        site.accounts.tell(hosted("a", revision=4))  # as the backup knew it
        lower = await site.evaluate("a", dry_run=True)
        site.accounts.tell(hosted("a", revision=5))
        again = await site.evaluate("a")
        site.accounts.tell(hosted("a", revision=6))
        after = await site.evaluate("a")

    assert first.changed
    assert lower.decision.tier == decisions_pb2.TIER_BANNED
    assert (again.changed, again.decision.name) == (False, first.decision.name)
    assert after.decision.tier == decisions_pb2.TIER_BANNED
