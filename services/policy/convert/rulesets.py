"""Rulesets, breakers and backtests for the wire."""

from datetime import timedelta

from services.policy.backtests import Progress
from services.policy.convert.decisions import TIERS
from services.policy.convert.times import duration, to_timestamp
from services.policy.domain.backtests import Report
from services.policy.domain.bounds import earned_tier, upper_bound
from services.policy.domain.tiers import Tier
from services.policy.rulework import Shadowed
from services.policy.storage.breakers import TIER, StoredBreaker
from services.policy.storage.rulesets import RulesetStage, StoredRuleset
from truepen.policy.v1 import decisions_pb2
from truepen.policy.v1 import rulesets_service_pb2 as pb

STAGES = {s: pb.RulesetStage.Value(f"RULESET_STAGE_{s.name}") for s in RulesetStage}
STAGE_OF = {
    pb.RULESET_STAGE_SHADOW: RulesetStage.SHADOW,
    pb.RULESET_STAGE_LIVE: RulesetStage.LIVE,
}


def render_ruleset(stored: StoredRuleset, rule_count: int) -> pb.Ruleset:
    """Return a ruleset with its text."""
    return pb.Ruleset(
        name=f"rulesets/{stored.digest}",
        yaml=stored.yaml,
        stage=STAGES[stored.stage],
        author=stored.author,
        approver=stored.approver,
        create_time=to_timestamp(stored.create_time),
        update_time=to_timestamp(stored.update_time),
        rule_count=rule_count,
    )


def render_shadowed(shadowed: Shadowed) -> pb.ShadowReport:
    """Return how a ruleset compared with the live one while it was in SHADOW."""
    return pb.ShadowReport(
        judged_count=shadowed.judged,
        flips=[
            pb.TierFlip(
                from_tier=TIERS[live], to_tier=TIERS[shadow], decision_count=count
            )
            for (live, shadow), count in sorted(shadowed.flips.items())
        ],
    )


def render_breaker(breaker: StoredBreaker) -> pb.Breaker:
    """Return a breaker."""
    guarded = breaker.name.removeprefix(TIER) if breaker.name.startswith(TIER) else ""
    return pb.Breaker(
        name=breaker.name,
        open=breaker.is_open,
        reason=breaker.reason,
        identity=breaker.identity,
        update_time=to_timestamp(breaker.update_time),
        tier=TIERS[Tier[guarded]] if guarded else decisions_pb2.TIER_UNSPECIFIED,
    )


def render_progress(progress: Progress) -> pb.BacktestRulesetResponse:
    """Return how far a backtest is; the last one carries the report."""
    response = pb.BacktestRulesetResponse(progress=progress.share)
    if progress.remaining_s is not None:
        response.remaining.MergeFrom(duration(timedelta(seconds=progress.remaining_s)))
    if progress.report is not None:
        response.report.MergeFrom(render_report(progress.report))
    return response


def render_report(report: Report) -> pb.BacktestReport:
    """Return what a ruleset would have changed."""
    return pb.BacktestReport(
        decision_count=report.decision_count,
        flips=[
            pb.TierFlip(
                from_tier=TIERS[before],
                to_tier=TIERS[after],
                decision_count=len(names),
                decisions=names[:10],
            )
            for (before, after), names in sorted(report.flips.items())
        ],
        bounds=[
            pb.StratumBound(
                stratum=bound.stratum,
                labelled_count=bound.labelled,
                wrongful_count=bound.wrongful,
                upper_bound=bound.upper,
            )
            for bound in report.bounds
        ],
        appeal_forecast=report.appeal_forecast,
        passed=report.passed,
        appealed_share=report.appealed_share,
        rules=[
            pb.RulePrecision(
                rule=name,
                judged_count=found.judged,
                wrongful_count=found.wrong,
                upper_bound=upper_bound(found.wrong, found.judged),
                earned_tier=TIERS[earned_tier(found.wrong, found.judged)],
            )
            for name, found in sorted(report.precision.items())
        ],
    )
