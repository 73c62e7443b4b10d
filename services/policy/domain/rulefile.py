"""A ruleset's YAML text to a checked Ruleset, or every reason why not."""

from typing import Any

from services.policy.domain.expressions import Expression, InvalidExpression
from services.policy.domain.fields import decode
from services.policy.domain.numbers import Bounds, Ladder
from services.policy.domain.ruleset import Rule, Ruleset
from services.policy.domain.tiers import (
    CaseKind,
    Channel,
    EvidenceClass,
    InteractionTier,
    Tier,
)
from services.policy.domain.variables import VARIABLES
from services.policy.domain.yamlnodes import InvalidRuleset, Node, Place, read

MAX_RULES = 200
BAN_CLASSES = {EvidenceClass.OPERATION, EvidenceClass.CONTENT_AND_OPERATION}


def load_ruleset(text: str) -> Ruleset:
    """Read and check a ruleset. Raises InvalidRuleset with every problem found."""
    root = read(text)
    parts: dict[str, Any] = {"rules": ()}
    problems: list[str] = []
    children = root.value if isinstance(root.value, dict) else {}
    for name, cls in (("ladder", Ladder), ("bounds", Bounds)):
        if name in children:
            try:
                parts[name] = cls(**decode(cls, children[name], name))
            except InvalidRuleset as error:
                problems += error.problems
                parts[name] = cls()
    if "rules" in children:
        rules, wrong = rules_of(children["rules"])
        parts["rules"] = rules
        problems += wrong
    else:
        problems.append("rules are missing")
    try:
        ruleset = Ruleset(**decode(Ruleset, root, "ruleset", **parts))
    except InvalidRuleset as error:
        raise InvalidRuleset(problems + error.problems) from None
    problems += unsound_numbers(ruleset)
    if problems:
        raise InvalidRuleset(problems)
    return ruleset


def rules_of(node: Node) -> tuple[tuple[Rule, ...], list[str]]:
    """The rules, and what is wrong with the others."""
    if not isinstance(node.value, list) or not 0 < len(node.value) <= MAX_RULES:
        return (), [f"rules, {node.place}: must be a list of 1 to {MAX_RULES}"]
    rules: list[Rule] = []
    problems: list[str] = []
    for item in node.value:
        name = named(item)
        try:
            rule = Rule(**decode(Rule, item, name))
        except InvalidRuleset as error:
            problems += error.problems
            continue
        if any(rule.id == other.id for other in rules):
            problems.append(f"{name} id, {item.place}: is used twice")
        problems += faults(rule, item, name)
        rules.append(rule)
    return tuple(rules), problems


def named(node: Node) -> str:
    """How messages call a rule."""
    found = node.value.get("id") if isinstance(node.value, dict) else None
    return f"rule {found.value}" if found else "rule"


def faults(rule: Rule, node: Node, name: str) -> list[str]:
    """What is wrong with a well-formed rule."""
    found = [f"{name}, {node.place}: {problem}" for problem in unsound(rule)]
    try:
        Expression(rule.when, rule.needs)
    except InvalidExpression as error:
        when = node.value["when"]
        found.append(f"{name} when, {place_of(error, when)}: {error}")
    return found


def place_of(error: InvalidExpression, when: Node) -> Place:
    """Where in the file a mistake in an expression is."""
    if not error.line:
        return when.place
    if when.block:
        return Place(when.place.line + error.line, error.column)
    first = error.line == 1
    column = when.place.column + error.column - 1 if first else error.column
    return Place(when.place.line + error.line - 1, column)


def unsound(rule: Rule) -> list[str]:
    """What no rule may do, however it is written."""
    found = []
    acts = rule.tier > Tier.CLEAR or rule.interaction > InteractionTier.NONE
    if not (acts or rule.case or rule.label):
        found.append("names no tier, interaction, case or label")
    if rule.evidence_class is EvidenceClass.REPORTS and acts:
        found.append("reports alone may open a case, never impose a tier")
    unknown = set(rule.channels_required) - {channel.value for channel in Channel}
    if unknown:
        found.append(f"no such channel: {', '.join(sorted(unknown))}")
    if rule.tier is Tier.BANNED and rule.evidence_class not in BAN_CLASSES:
        found.append("a ban needs evidence of operation")
    if rule.tier is Tier.BANNED and Channel.OPERATION not in rule.channels_required:
        found.append("a ban needs OPERATION among channels_required")
    reads = {VARIABLES[n].harm for n in rule.needs if n in VARIABLES}
    if rule.tier > Tier.NOTICE and not any(reads):
        found.append("imposes a tier without reading evidence for or against")
    if rule.case is CaseKind.BAN_CONFIRMATION:
        found.append("BAN_CONFIRMATION opens by itself with each ban")
    return found


def unsound_numbers(ruleset: Ruleset) -> list[str]:
    """Numbers that would undo what the table of content and operation protects."""
    bounds, ladder = ruleset.bounds, ruleset.ladder
    checks = {
        "bounds all_reliance_lower must be in [0.8, 1]": (
            0.8 <= bounds.all_reliance_lower <= 1
        ),
        "bounds throughout_automation must be in [0.99, 1]": (
            0.99 <= bounds.throughout_automation <= 1
        ),
        "bounds throughout_channels must be at least 2": bounds.throughout_channels > 1,
        "bounds all_posts must be at least 10": bounds.all_posts >= 10,
        "bounds tool_share must be in [0.8, 1]": 0.8 <= bounds.tool_share <= 1,
        "bounds tool_posts must be at least 3": bounds.tool_posts >= 3,
        "ladder durations may not limit BANNED": Tier.BANNED not in ladder.durations,
        "ladder durations must be set for each tier from NOTICE on": all(
            ladder.durations.get(tier) for tier in Tier if 1 < tier < Tier.BANNED
        ),
        "ladder strikes may not lead to BANNED": (
            Tier.BANNED not in ladder.strikes.values()
        ),
        "ladder interaction_durations must not be empty": bool(
            ladder.interaction_durations
        ),
    }
    return [problem for problem, holds in checks.items() if not holds]
