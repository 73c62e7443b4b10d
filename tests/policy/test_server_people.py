"""What people do to decisions: replay, override, appeal, review, revert."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from tests.policy.accounts_fake import START, hosted, occasional
from tests.policy.serving import Site, running
from truepen.accounts.v1 import reports_service_pb2 as reports_pb
from truepen.policy.v1 import (
    appeals_service_pb2,
    cases_service_pb2,
    decisions_pb2,
    notices_service_pb2,
)
from truepen.policy.v1 import enforcement_service_pb2 as pb


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """The ErrorInfo's reason."""
    info = error_details_pb2.ErrorInfo()
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    assert status is not None
    assert status.details[0].Unpack(info)
    return info.reason


def said_by(who: str) -> tuple[tuple[str, str], ...]:
    return (("truepen-identity", who),)


def request_id() -> str:
    return str(uuid4())


async def banned(site: Site, account: str = "bot") -> str:
    """The name of the ban of a hosted account."""
    site.accounts.tell(hosted(account))
    name: str = (await site.evaluate(account)).decision.name
    return name


async def the_case(site: Site) -> cases_service_pb2.Case:
    """The only case there is."""
    listed = await site.cases.ListCases(cases_service_pb2.ListCasesRequest())
    (case,) = listed.cases
    found: cases_service_pb2.Case = case
    return found


async def decide_case(site: Site, outcome: Any, who: str = "ann") -> Any:
    case = await the_case(site)
    claimed = await site.cases.ClaimCase(
        cases_service_pb2.ClaimCaseRequest(name=case.name, version=case.version),
        metadata=said_by(who),
    )
    return await site.cases.ResolveCase(
        cases_service_pb2.ResolveCaseRequest(
            name=case.name,
            version=claimed.case.version,
            outcome=outcome,
            reason="looked at the evidence",
            request_id=request_id(),
        ),
        metadata=said_by(who),
    )


async def appeal(site: Site, decision: str, ground: Any = None) -> Any:
    response = await site.appeals.CreateAppeal(
        appeals_service_pb2.CreateAppealRequest(
            decision=decision,
            ground=ground or appeals_service_pb2.APPEAL_GROUND_WRONG_FINDING,
            statement="I write every note myself.",
            request_id=request_id(),
        )
    )
    return response.appeal


async def answer(site: Site, filed: Any, outcome: Any, who: str = "ben") -> Any:
    claimed = await site.appeals.ClaimAppeal(
        appeals_service_pb2.ClaimAppealRequest(name=filed.name, version=filed.version),
        metadata=said_by(who),
    )
    return await site.appeals.ResolveAppeal(
        appeals_service_pb2.ResolveAppealRequest(
            name=filed.name,
            version=claimed.appeal.version,
            outcome=outcome,
            reason="the finding was wrong",
            request_id=request_id(),
        ),
        metadata=said_by(who),
    )


def override(account: str, tier: Any, **fields: Any) -> pb.OverrideDecisionRequest:
    return pb.OverrideDecisionRequest(
        account=f"accounts/{account}",
        tier=tier,
        ground=decisions_pb2.GROUND_AI_CONTENT,
        **{"reason": "a person looked", "request_id": request_id(), **fields},
    )


async def test_replay_makes_the_same_bytes(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        name = await banned(site)
        site.clock.advance(timedelta(days=5))

        replay = await site.enforcement.ReplayDecision(
            pb.ReplayDecisionRequest(name=name)
        )

    assert replay.identical
    assert replay.decision.tier == decisions_pb2.TIER_BANNED


async def test_a_widely_followed_accounts_ban_takes_two_people(tmp_path: Path) -> None:
    confirmed = cases_service_pb2.CASE_OUTCOME_CONFIRMED
    async with running(tmp_path) as site:
        profile = hosted("bot")
        profile.facts.follower_count = 20_000
        site.accounts.tell(profile)
        await site.evaluate("bot")

        first = await decide_case(site, confirmed, "ann")
        between = await site.standing("bot")
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await decide_case(site, confirmed, "ann")
        second = await decide_case(site, confirmed, "bob")

    assert first.case.state == cases_service_pb2.CASE_STATE_OPEN
    assert between.provisional
    assert reason_of(refused.value) == "REVIEWER_NOT_INDEPENDENT"
    assert second.case.state == cases_service_pb2.CASE_STATE_RESOLVED
    assert not second.standings[0].provisional


async def test_persons_word_ends_the_measure_and_keeps_rules_away(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as site:
        name = await banned(site)

        word = await site.enforcement.OverrideDecision(
            override("bot", decisions_pb2.TIER_CLEAR, reverses=name),
            metadata=said_by("ann"),
        )
        site.accounts.tell(hosted("bot", revision=2))
        again = await site.evaluate("bot")
        reversed_ = await site.enforcement.GetDecision(pb.GetDecisionRequest(name=name))

    assert word.standing.tier == decisions_pb2.TIER_CLEAR
    assert word.decision.decider.identity == "local:ann"
    assert again.standing.tier == decisions_pb2.TIER_CLEAR
    assert "persons_word" in again.decision.held_back
    assert reversed_.decision.state == decisions_pb2.DECISION_STATE_REVERSED


async def test_repeated_override_is_one(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        request = override("a", decisions_pb2.TIER_WARNING)

        first = await site.enforcement.OverrideDecision(request)
        second = await site.enforcement.OverrideDecision(request)
        request.reason = "another reason"
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await site.enforcement.OverrideDecision(request)

    assert first == second
    assert reason_of(caught.value) == "REQUEST_ID_REUSED"


async def test_confirmed_ban_is_final(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        await banned(site)

        resolved = await decide_case(site, cases_service_pb2.CASE_OUTCOME_CONFIRMED)
        site.clock.advance(timedelta(days=400))
        standing = await site.standing("bot")

    assert resolved.case.state == cases_service_pb2.CASE_STATE_RESOLVED
    assert not resolved.standings[0].provisional
    assert standing.tier == decisions_pb2.TIER_BANNED


async def test_rejected_ban_is_void(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        await banned(site)

        resolved = await decide_case(site, cases_service_pb2.CASE_OUTCOME_REJECTED)

    assert resolved.standings[0].tier == decisions_pb2.TIER_CLEAR


async def test_unconfirmed_ban_becomes_a_suspension_without_end(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        await banned(site)

        site.clock.advance(timedelta(hours=73))
        standing = await site.standing("bot")

    assert standing.tier == decisions_pb2.TIER_PUBLISHING_SUSPENDED
    assert not standing.HasField("expire_time")


async def test_case_held_by_another_cannot_be_resolved(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        await banned(site)
        case = await the_case(site)
        claimed = await site.cases.ClaimCase(
            cases_service_pb2.ClaimCaseRequest(name=case.name, version=case.version),
            metadata=said_by("ann"),
        )

        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await site.cases.ResolveCase(
                cases_service_pb2.ResolveCaseRequest(
                    name=case.name,
                    version=claimed.case.version,
                    outcome=cases_service_pb2.CASE_OUTCOME_REJECTED,
                    reason="mine",
                    request_id=request_id(),
                ),
                metadata=said_by("ben"),
            )

    assert reason_of(caught.value) == "CLAIM_NOT_HELD"


async def test_overturned_finding_is_void_and_told(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        site.accounts.tell(occasional("a"))
        name = (await site.evaluate("a")).decision.name
        filed = await appeal(site, name)

        answered = await answer(
            site, filed, appeals_service_pb2.APPEAL_STATE_OVERTURNED
        )
        notices = await site.notices.ListNotices(
            notices_service_pb2.ListNoticesRequest(parent="accounts/a")
        )
        measures = await site.enforcement.BatchGetContentMeasures(
            pb.BatchGetContentMeasuresRequest(
                keys=[pb.ContentKey(account="accounts/a", content="n0")]
            )
        )

    assert answered.standing.tier == decisions_pb2.TIER_CLEAR
    assert answered.appeal.state == appeals_service_pb2.APPEAL_STATE_OVERTURNED
    assert notices.notices[0].kind == "APPEAL_OVERTURNED"
    assert measures.measures[0].label == ""


async def test_second_appeal_needs_new_evidence(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        site.accounts.tell(occasional("a"))
        name = (await site.evaluate("a")).decision.name
        filed = await appeal(site, name)
        await answer(site, filed, appeals_service_pb2.APPEAL_STATE_UPHELD)

        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await appeal(site, name)
        again = await appeal(site, name, appeals_service_pb2.APPEAL_GROUND_NEW_EVIDENCE)

    assert reason_of(caught.value) == "APPEAL_EXHAUSTED"
    assert again.state == appeals_service_pb2.APPEAL_STATE_OPEN


async def test_who_decided_may_not_review(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        word = await site.enforcement.OverrideDecision(
            override("a", decisions_pb2.TIER_WARNING), metadata=said_by("ann")
        )
        filed = await appeal(site, word.decision.name)

        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await site.appeals.ClaimAppeal(
                appeals_service_pb2.ClaimAppealRequest(
                    name=filed.name, version=filed.version
                ),
                metadata=said_by("ann"),
            )

    assert reason_of(caught.value) == "REVIEWER_NOT_INDEPENDENT"


async def test_withdrawn_model_takes_its_decisions_with_it(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        await banned(site)
        request = pb.RevertDecisionsRequest(
            model_digest="a" * 64, reason="the model was wrong", request_id=request_id()
        )
        request.start_time.FromDatetime(START - timedelta(days=1))
        request.end_time.FromDatetime(START + timedelta(days=1))
        request.dry_run = True

        tried = [m async for m in site.enforcement.RevertDecisions(request)][-1]
        before = await site.standing("bot")
        request.dry_run = False
        done = [m async for m in site.enforcement.RevertDecisions(request)][-1]
        after = await site.standing("bot")

    assert (tried.reverted_count, done.reverted_count) == (1, 1)
    assert done.relieved_account_count == 1
    assert before.tier == decisions_pb2.TIER_BANNED
    assert after.tier == decisions_pb2.TIER_CLEAR


async def test_repeated_revert_gives_the_first_answer(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        await banned(site)
        request = pb.RevertDecisionsRequest(
            model_digest="a" * 64, reason="the model was wrong", request_id=request_id()
        )
        request.start_time.FromDatetime(START - timedelta(days=1))
        request.end_time.FromDatetime(START + timedelta(days=1))

        first = [m async for m in site.enforcement.RevertDecisions(request)]
        again = [m async for m in site.enforcement.RevertDecisions(request)]
        request.reason = "another reason"
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            _ = [m async for m in site.enforcement.RevertDecisions(request)]

    assert again == first
    assert first[-1].reverted_count == 1
    assert reason_of(caught.value) == "REQUEST_ID_REUSED"


async def test_statement_names_ground_and_redress(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        name = await banned(site)

        answered = await site.enforcement.GetStatementOfReasons(
            pb.GetStatementOfReasonsRequest(name=name)
        )

    statement = answered.statement
    assert statement.text_zh
    assert statement.text_en
    assert statement.dsa_record["decision_account"] == "DECISION_ACCOUNT_SUSPENDED"


async def test_sample_is_drawn_again_by_its_seed(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        for number in range(6):
            site.accounts.tell(occasional(f"a{number}"))
            await site.evaluate(f"a{number}")
        request = cases_service_pb2.SampleAuditRequest(
            sample_size=3, seed=7, request_id=request_id()
        )

        first = await site.cases.SampleAudit(request)
        request.request_id = request_id()
        second = await site.cases.SampleAudit(request)

    assert first.population_count == 6
    assert len(first.cases) == 3
    assert [c.name for c in first.cases] == [c.name for c in second.cases]


def report(number: int) -> reports_pb.Report:
    return reports_pb.Report(
        name=f"reports/{number}",
        target_account="accounts/critic",
        category=reports_pb.REPORT_CATEGORY_HOSTED_ACCOUNT,
        state=reports_pb.REPORT_STATE_RECEIVED,
    )


async def test_many_reports_are_one_case_and_everyone_is_answered(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, worker=True) as site:
        for number in range(20):
            site.reports.receive(report(number))
        await site.until(lambda: len(site.reports.resolved) == 20)
        standing = await site.standing("critic")

        case = await the_case(site)
        await decide_case(site, cases_service_pb2.CASE_OUTCOME_NO_ACTION)

    assert case.report_count == 20
    assert standing.tier == decisions_pb2.TIER_CLEAR
    states = {told.state for told in site.reports.resolved.values()}
    assert states == {reports_pb.REPORT_STATE_NO_ACTION}
