"""Rules beside the live ones, and against history: shadow and backtest."""

from pathlib import Path

from services.policy.shipped import DEFAULT
from tests.policy.accounts_fake import a_profile, hosted, occasional
from tests.policy.serving import Site, running
from tests.policy.test_server_people import answer, appeal
from truepen.policy.v1 import (
    appeals_service_pb2,
    decisions_pb2,
    rulesets_service_pb2,
)


async def banned_and_judged(
    site: Site, account: str, language: str, *, overturned: bool
) -> decisions_pb2.Decision:
    """A ban about which a person has decided, on appeal."""
    profile = hosted(account)
    profile.facts.language = language
    site.accounts.tell(profile)
    decision: decisions_pb2.Decision = (await site.evaluate(account)).decision
    found = appeals_service_pb2.APPEAL_STATE_UPHELD
    if overturned:
        found = appeals_service_pb2.APPEAL_STATE_OVERTURNED
    await answer(site, await appeal(site, decision.name), found)
    return decision


async def promoted_to_shadow(site: Site, text: str) -> str:
    service = rulesets_service_pb2
    made = await site.rulesets.CreateRuleset(service.CreateRulesetRequest(yaml=text))
    await site.rulesets.PromoteRuleset(
        service.PromoteRulesetRequest(
            name=made.ruleset.name, stage=service.RULESET_STAGE_SHADOW
        )
    )
    return str(made.ruleset.name)


async def test_a_shadow_ruleset_is_judged_beside_and_counts_for_nothing(
    tmp_path: Path,
) -> None:
    text = DEFAULT.read_text("utf-8")
    strict = text.replace("reliance_lower > 0.05 &&", "reliance_lower > 0.5 &&")
    eager = text.replace("when: automation >= 0.90", "when: automation >= 0.0")
    service = rulesets_service_pb2
    async with running(tmp_path) as site:
        names = [await promoted_to_shadow(site, each) for each in (strict, eager)]
        site.accounts.tell(occasional("a"))
        decided = await site.evaluate("a")
        for number in range(120):
            site.accounts.tell(a_profile(f"person{number}"))
            await site.evaluate(f"person{number}", dry_run=number % 2 == 1)
        reports = [
            (
                await site.rulesets.GetRuleset(service.GetRulesetRequest(name=name))
            ).shadow
            for name in names
        ]

    assert decided.standing.tier == decisions_pb2.TIER_NOTICE
    (flip,) = reports[0].flips
    assert (flip.from_tier, flip.to_tier, flip.decision_count) == (
        decisions_pb2.TIER_NOTICE,
        decisions_pb2.TIER_CLEAR,
        1,
    )
    assert reports[1].flips == []  # the table keeps what is a person's own CLEAR
    assert [report.judged_count for report in reports] == [51, 51]


async def test_a_backtest_is_a_gate_by_stratum_and_measures_rules(
    tmp_path: Path,
) -> None:
    service = rulesets_service_pb2
    async with running(tmp_path) as site:
        wrong = await banned_and_judged(site, "wrong", "en", overturned=True)
        for number in range(3):
            await banned_and_judged(site, f"right{number}", "zh", overturned=False)
        live = await site.rulesets.GetRuleset(
            service.GetRulesetRequest(name="rulesets/live")
        )
        request = service.BacktestRulesetRequest(
            name=live.ruleset.name, max_wrongful_ban_bound=0.9
        )
        request.start_time.CopyFrom(wrong.decide_time)
        request.end_time.FromSeconds(wrong.decide_time.seconds + 60)
        *_, last = [m async for m in site.rulesets.BacktestRuleset(request)]
        request.max_wrongful_ban_bound = 0.01
        *_, tight = [m async for m in site.rulesets.BacktestRuleset(request)]

    bounds = {
        b.stratum: (b.labelled_count, b.wrongful_count) for b in last.report.bounds
    }
    assert bounds["all"] == (4, 1)
    assert bounds["language=zh"] == (3, 0)
    assert bounds["language=en"] == (1, 1)
    assert last.report.passed
    assert not tight.report.passed
    rules = {rule.rule: rule for rule in last.report.rules}
    assert rules["ban-tool-run"].judged_count == 4
    assert rules["ban-tool-run"].wrongful_count == 1
    assert rules["ban-tool-run"].earned_tier == decisions_pb2.TIER_WARNING
