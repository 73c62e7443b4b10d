"""`truepen explain`: why a decision is what it is."""

from typing import Annotated, Any

import typer

from services.cli.options import LOCAL, Target, Who


def explain(
    decision: Annotated[
        str, typer.Argument(help="accounts/ACCOUNT/decisions/DECISION.")
    ],
    who: Who = "",
    target: Target = LOCAL,
) -> None:
    """Show the evidence, the rules that spoke, what held back, and the reasons told."""
    from services.cli.evidence import decision_at, laid_out
    from services.cli.output import print_record
    from services.cli.remote import ask
    from truepen.policy.v1.enforcement_service_pb2 import GetStatementOfReasonsRequest
    from truepen.policy.v1.enforcement_service_pb2_grpc import EnforcementServiceStub

    found = laid_out(decision_at(target, decision, who))
    found["rules"] += not_fired(target, found, who)
    request = GetStatementOfReasonsRequest(name=decision)
    told = ask(target, EnforcementServiceStub, "GetStatementOfReasons", request, who)
    found["statement_zh"] = told.statement.text_zh
    found["statement_en"] = told.statement.text_en
    print_record(found)


def not_fired(target: str, decision: dict[str, Any], who: str) -> list[dict[str, Any]]:
    """Return the rules that were asked and did not fire.

    A decision keeps those that spoke; the rest are known from its ruleset.
    """
    from services.cli.remote import ask
    from services.policy.domain.rulefile import load_ruleset
    from truepen.policy.v1.rulesets_service_pb2 import GetRulesetRequest
    from truepen.policy.v1.rulesets_service_pb2_grpc import RulesetsServiceStub

    digest = decision["ruleset_digest"]
    if decision["decider"]["kind"] != "DECIDER_KIND_RULE" or not digest:
        return []
    request = GetRulesetRequest(name=f"rulesets/{digest}")
    kept = ask(target, RulesetsServiceStub, "GetRuleset", request, who).ruleset
    spoke = {outcome["rule"] for outcome in decision["rules"]}
    return [
        {"rule": rule.id, "result": "RULE_RESULT_NOT_FIRED"}
        for rule in load_ruleset(kept.yaml).asked
        if rule.id not in spoke
    ]
