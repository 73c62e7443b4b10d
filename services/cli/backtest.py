"""`truepen backtest`: what other rules would have changed, as a gate for a release."""

from __future__ import annotations

import re
import sys
from datetime import datetime  # noqa: TC003  # typer reads it at run time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.options import LOCAL, Target, Who
from services.cli.periods import FORMATS, aware

DIGEST = re.compile("[0-9a-f]{64}")

if TYPE_CHECKING:
    from truepen.policy.v1 import rulesets_service_pb2 as pb


def backtest(  # noqa: PLR0917  # typer passes them by name
    ruleset: Annotated[
        str, typer.Argument(help="A YAML file, which is kept as DRAFT, or a digest.")
    ],
    start: Annotated[
        datetime, typer.Option("--from", formats=FORMATS, help="From then on; UTC.")
    ],
    end: Annotated[
        datetime, typer.Option("--to", formats=FORMATS, help="Before then; UTC.")
    ],
    max_wrongful: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            help="Gate: the most that the wrongful share of bans may be by its 95 % "
            "bound; 0: no gate.",
        ),
    ] = 0.0,
    who: Who = "",
    target: Target = LOCAL,
) -> None:
    """Judge stored history by other rules; exit with 3 where the gate is not passed.

    Shows which decisions would come out milder or harsher, exact bounds on wrongful
    bans by stratum, how often people found each rule wrong, and the appeals to expect.
    """
    from services.cli.output import print_record
    from truepen.policy.v1 import rulesets_service_pb2 as pb

    request = pb.BacktestRulesetRequest(
        name=named(target, ruleset, who), max_wrongful_ban_bound=max_wrongful
    )
    request.start_time.FromDatetime(aware(start))
    request.end_time.FromDatetime(aware(end))
    report = watched(target, request, who)
    print_record(record(report))
    if not report.passed:
        typer.echo("the gate is not passed", err=True)
        raise typer.Exit(3)


def named(target: str, ruleset: str, who: str) -> str:
    """Return the name of *ruleset*; a file is compiled and kept first."""
    from services.cli.files import readable
    from services.cli.remote import ask
    from truepen.policy.v1.rulesets_service_pb2 import CreateRulesetRequest
    from truepen.policy.v1.rulesets_service_pb2_grpc import RulesetsServiceStub

    file, digest = Path(ruleset), ruleset.removeprefix("rulesets/")
    if not file.is_file():
        if not DIGEST.fullmatch(digest):
            problem = f"{ruleset} is no file, and no digest of a ruleset"
            raise typer.BadParameter(problem, param_hint="ruleset")
        return f"rulesets/{digest}"
    with readable(file):
        request = CreateRulesetRequest(yaml=file.read_text("utf-8"))
    made = ask(target, RulesetsServiceStub, "CreateRuleset", request, who)
    return str(made.ruleset.name)


def watched(
    target: str, request: pb.BacktestRulesetRequest, who: str
) -> pb.BacktestReport:
    """Return the report; show how far it is where somebody is looking."""
    from services.cli.remote import follow
    from truepen.policy.v1.rulesets_service_pb2_grpc import RulesetsServiceStub

    shown = sys.stderr.isatty()
    told: Any = None
    for told in follow(target, RulesetsServiceStub, "BacktestRuleset", request, who):
        if shown:
            left = (
                f", {told.remaining.seconds} s left" if told.remaining.seconds else ""
            )
            sys.stderr.write(f"\r{told.progress:4.0%}{left}   ")
    if shown:
        sys.stderr.write("\r\033[K")
    report: pb.BacktestReport = told.report
    return report


def record(report: pb.BacktestReport) -> dict[str, Any]:
    """Lay *report* out: which way each flip goes, and tiers by their names."""
    from services.cli.answers import tier_name
    from services.cli.output import record_of

    told = record_of(report)
    for row, flip in zip(told["flips"], report.flips, strict=True):
        row["from_tier"] = tier_name(flip.from_tier)
        row["to_tier"] = tier_name(flip.to_tier)
        row["way"] = "harsher" if flip.to_tier > flip.from_tier else "milder"
    for row, rule in zip(told["rules"], report.rules, strict=True):
        row["earned_tier"] = tier_name(rule.earned_tier)
    return told
