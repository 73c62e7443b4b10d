"""What policy refuses, and what it says then."""

from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from services.policy.shipped import DEFAULT
from tests.policy.accounts_fake import a_profile, hosted, occasional
from tests.policy.serving import Site, running
from tests.policy.test_server_people import reason_of, said_by
from truepen.accounts.v1 import activities_pb2
from truepen.policy.v1 import (
    appeals_service_pb2,
    cases_service_pb2,
    decisions_pb2,
    notices_service_pb2,
    rulesets_service_pb2,
)
from truepen.policy.v1 import enforcement_service_pb2 as pb


def fields_of(error: grpc.aio.AioRpcError) -> list[str]:
    """Paths of the fields that a BadRequest names."""
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    bad = error_details_pb2.BadRequest()
    assert status is not None
    for detail in status.details:
        detail.Unpack(bad)
    return [violation.field for violation in bad.field_violations]


async def refused(call: Any) -> grpc.aio.AioRpcError:
    """The error that *call* ends with."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    error: grpc.aio.AioRpcError = caught.value
    return error


async def test_bad_requests_name_their_field(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        enforcement = site.enforcement
        calls = {
            "account": enforcement.EvaluateAccount(
                pb.EvaluateAccountRequest(account="bot")
            ),
            "min_revision": enforcement.EvaluateAccount(
                pb.EvaluateAccountRequest(account="accounts/a", min_revision=-1)
            ),
            "accounts": enforcement.BatchEvaluateAccounts(
                pb.BatchEvaluateAccountsRequest(accounts=["accounts/a"] * 101)
            ),
            "accounts[0]": enforcement.BatchEvaluateAccounts(
                pb.BatchEvaluateAccountsRequest(accounts=["a"])
            ),
            "name": enforcement.GetStanding(pb.GetStandingRequest(name="accounts/a")),
            "names": enforcement.BatchGetStandings(pb.BatchGetStandingsRequest()),
            "read_time": site.notices.AcknowledgeNotice(
                notices_service_pb2.AcknowledgeNoticeRequest(
                    name="accounts/a/notices/1",
                    read_time=Timestamp(seconds=32_503_680_000),
                )
            ),
            "names[1]": enforcement.BatchGetStandings(
                pb.BatchGetStandingsRequest(names=["accounts/a/standing", "x"])
            ),
            "page_size": enforcement.ListDecisions(
                pb.ListDecisionsRequest(parent="accounts/a", page_size=-1)
            ),
            "tier": enforcement.ListStandings(pb.ListStandingsRequest(tier=99)),  # type: ignore[arg-type]
            "keys": enforcement.BatchGetContentMeasures(
                pb.BatchGetContentMeasuresRequest()
            ),
            "activity": enforcement.ReviewActivity(pb.ReviewActivityRequest()),
            "request_id": enforcement.OverrideDecision(
                pb.OverrideDecisionRequest(
                    account="accounts/a",
                    tier=decisions_pb2.TIER_CLEAR,
                    ground=decisions_pb2.GROUND_NONE,
                    reason="r",
                    request_id="1",
                )
            ),
            "ground": site.appeals.CreateAppeal(
                appeals_service_pb2.CreateAppealRequest(
                    decision="accounts/a/decisions/d"
                )
            ),
            "sample_size": site.cases.SampleAudit(
                cases_service_pb2.SampleAuditRequest()
            ),
            "breaker": site.rulesets.SetBreaker(
                rulesets_service_pb2.SetBreakerRequest(breaker="x", reason="r")
            ),
        }
        errors = {field: await refused(call) for field, call in calls.items()}

    assert {field: fields_of(error) for field, error in errors.items()} == {
        field: [field] for field in calls
    }


async def test_a_negative_revision_is_refused_of_kept_standings_too(
    tmp_path: Path,
) -> None:
    name = "accounts/a/standing"
    async with running(tmp_path) as site:
        await site.enforcement.GetStanding(pb.GetStandingRequest(name=name))
        error = await refused(
            site.enforcement.GetStanding(
                pb.GetStandingRequest(name=name, min_revision=-1)
            )
        )

    assert fields_of(error) == ["min_revision"]


async def test_a_revision_to_come_is_told_with_the_name_asked_for(
    tmp_path: Path,
) -> None:
    name = "accounts/a/standing"
    async with running(tmp_path) as site:
        error = await refused(
            site.enforcement.GetStanding(
                pb.GetStandingRequest(name=name, min_revision=9)
            )
        )

    assert error.details() == f"{name} is at revision 0, not yet at 9"


async def test_what_was_never_made_is_not_found(tmp_path: Path) -> None:
    name = "accounts/a/decisions/d"
    async with running(tmp_path) as site:
        errors = [
            await refused(call)
            for call in (
                site.enforcement.GetDecision(pb.GetDecisionRequest(name=name)),
                site.enforcement.ReplayDecision(pb.ReplayDecisionRequest(name=name)),
                site.enforcement.GetStatementOfReasons(
                    pb.GetStatementOfReasonsRequest(name=name)
                ),
                site.notices.AcknowledgeNotice(
                    notices_service_pb2.AcknowledgeNoticeRequest(
                        name="accounts/a/notices/1"
                    )
                ),
                site.rulesets.GetRuleset(
                    rulesets_service_pb2.GetRulesetRequest(name="rulesets/d")
                ),
                site.cases.ClaimCase(
                    cases_service_pb2.ClaimCaseRequest(name="cases/c")
                ),
            )
        ]

    assert {reason_of(error) for error in errors} == {"RESOURCE_NOT_FOUND"}


async def test_forged_and_borrowed_tokens_are_refused(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        for name in ("a", "b"):
            site.accounts.tell(occasional(name))
            await site.evaluate(name)
        page = await site.enforcement.ListDecisions(
            pb.ListDecisionsRequest(parent="accounts/-", page_size=1)
        )
        borrowed = await refused(
            site.enforcement.ListDecisions(
                pb.ListDecisionsRequest(
                    parent="accounts/a", page_token=page.next_page_token
                )
            )
        )
        forged = await refused(
            site.enforcement.ListDecisions(
                pb.ListDecisionsRequest(parent="accounts/-", page_token="AAAA")
            )
        )
        cursor = await refused(anext(aiter(watch(site, "AAAA"))))

    assert reason_of(borrowed) == "PAGE_TOKEN_INVALID"
    assert reason_of(forged) == "PAGE_TOKEN_INVALID"
    assert reason_of(cursor) == "CURSOR_INVALID"


def watch(site: Site, cursor: str) -> Any:
    return site.enforcement.WatchStandings(
        pb.WatchStandingsRequest(cursor=cursor, once=True)
    )


async def test_cursor_of_another_log_is_told_to_start_over(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    async with running(tmp_path) as site:
        site.accounts.tell(occasional("a"))
        await site.evaluate("a")
        cursor = [m async for m in watch(site, "")][-1].cursor
    (tmp_path / "token.key").rename(tmp_path / "other" / "token.key")
    async with running(tmp_path / "other") as site:
        error = await refused(anext(aiter(watch(site, cursor))))

    assert reason_of(error) == "CURSOR_EPOCH_CHANGED"


async def test_accounts_away_is_a_dependency_unavailable(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        site.accounts.leave()

        error = await refused(
            site.enforcement.ReviewActivity(
                pb.ReviewActivityRequest(
                    activity=activities_pb2.Activity(id="n", account="accounts/a")
                )
            )
        )

    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert reason_of(error) == "DEPENDENCY_UNAVAILABLE"


async def test_dry_run_changes_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        site.accounts.tell(hosted("bot"))

        tried = await site.evaluate("bot", dry_run=True)
        standing = await site.standing("bot")

    assert tried.decision.tier == decisions_pb2.TIER_BANNED
    assert not tried.changed
    assert standing.tier == decisions_pb2.TIER_CLEAR


async def test_kill_switch_observes_only(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        site.accounts.tell(hosted("bot"))
        await site.rulesets.SetBreaker(
            rulesets_service_pb2.SetBreakerRequest(
                breaker="kill-switch", open=True, reason="drill"
            )
        )

        response = await site.evaluate("bot")

    assert response.standing.tier == decisions_pb2.TIER_CLEAR
    assert "observe_only" in response.decision.held_back


async def test_live_takes_two_persons_and_can_be_rolled_back(tmp_path: Path) -> None:
    text = DEFAULT.read_text("utf-8").replace("version: 1", "version: 2")
    service = rulesets_service_pb2
    async with running(tmp_path) as site:
        rulesets = site.rulesets
        made = (
            await rulesets.CreateRuleset(service.CreateRulesetRequest(yaml=text))
        ).ruleset

        def promote(stage: Any, who: str) -> Any:
            request = service.PromoteRulesetRequest(name=made.name, stage=stage)
            return rulesets.PromoteRuleset(request, metadata=said_by(who))

        early = await refused(promote(service.RULESET_STAGE_LIVE, "ann"))
        await promote(service.RULESET_STAGE_SHADOW, "ann")
        first = await promote(service.RULESET_STAGE_LIVE, "ann")
        again = await promote(service.RULESET_STAGE_LIVE, "ann")
        second = await promote(service.RULESET_STAGE_LIVE, "ben")
        site.accounts.tell(a_profile("a"))
        judged = await site.evaluate("a")
        back = await rulesets.RollbackRuleset(
            service.RollbackRulesetRequest(reason="too harsh")
        )

    assert reason_of(early) == "STATE_NOT_ALLOWED"
    assert first.approval_pending
    assert again.approval_pending
    assert second.ruleset.stage == service.RULESET_STAGE_LIVE
    assert judged.decision.ruleset_digest == made.name.removeprefix("rulesets/")
    assert back.ruleset.name != made.name


async def test_faulty_ruleset_is_refused_with_its_places(tmp_path: Path) -> None:
    text = DEFAULT.read_text("utf-8").replace("automation >= 0.90\n", "nonsense >\n", 1)
    async with running(tmp_path) as site:
        error = await refused(
            site.rulesets.CreateRuleset(
                rulesets_service_pb2.CreateRulesetRequest(yaml=text)
            )
        )

    assert reason_of(error) == "RULESET_INVALID"


async def test_backtest_counts_flips(tmp_path: Path) -> None:
    strict = DEFAULT.read_text("utf-8").replace(
        "reliance_lower > 0.05 &&", "reliance_lower > 0.5 &&"
    )
    service = rulesets_service_pb2
    async with running(tmp_path) as site:
        site.accounts.tell(occasional("a"))
        decided = await site.evaluate("a")
        made = await site.rulesets.CreateRuleset(
            service.CreateRulesetRequest(yaml=strict)
        )
        request = service.BacktestRulesetRequest(name=made.ruleset.name)
        request.start_time.CopyFrom(decided.decision.decide_time)
        request.end_time.FromSeconds(decided.decision.decide_time.seconds + 60)

        *_, last = [m async for m in site.rulesets.BacktestRuleset(request)]

    (flip,) = last.report.flips
    assert last.progress == 1.0
    assert flip.from_tier == decisions_pb2.TIER_NOTICE
    assert flip.to_tier == decisions_pb2.TIER_CLEAR
