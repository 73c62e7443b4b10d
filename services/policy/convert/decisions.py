"""Decisions for the wire. A value added without its wire value fails here, loudly."""

import json
from datetime import datetime

from services.policy.convert.times import to_timestamp
from services.policy.decide import Evaluation
from services.policy.domain.blind import without_scores
from services.policy.domain.canonical import from_plain
from services.policy.domain.history import Measure, expired
from services.policy.domain.names import decision_name
from services.policy.domain.rulings import Ruling
from services.policy.domain.tiers import Decider, Ground, InteractionTier, Tier
from services.policy.storage.decisions import StoredDecision
from services.runtime.errors import InvalidField
from truepen.policy.v1 import decisions_pb2 as pb

TIERS = {tier: pb.Tier.Value(f"TIER_{tier.name}") for tier in Tier}
INTERACTION_TIERS = {
    tier: pb.InteractionTier.Value(f"INTERACTION_TIER_{tier.name}")
    for tier in InteractionTier
}
GROUNDS = {ground: pb.Ground.Value(f"GROUND_{ground.name}") for ground in Ground}
DECIDERS = {
    decider: pb.DeciderKind.Value(f"DECIDER_KIND_{decider.name}") for decider in Decider
}


TIER_OF = {value: tier for tier, value in TIERS.items()}
INTERACTION_TIER_OF = {value: tier for tier, value in INTERACTION_TIERS.items()}
GROUND_OF = {value: ground for ground, value in GROUNDS.items()}


def tier_or_none(field: str, value: int) -> Tier | None:
    """Return the tier asked for, or None where none is; raise InvalidField."""
    if not value:
        return None
    if value not in TIER_OF:
        raise InvalidField(field, "is not a tier")
    return TIER_OF[pb.Tier.ValueType(value)]


def render_evaluation(evaluation: Evaluation, now: datetime) -> pb.Decision:
    """Return the decision on record, or what was ruled without a name."""
    if evaluation.stored is not None:
        return render_stored(evaluation.stored, evaluation.measure, now)
    assert evaluation.ruling is not None
    return render_ruling(evaluation.ruling)


def render_stored(
    stored: StoredDecision,
    measure: Measure | None,
    now: datetime,
    *,
    explain: bool = False,
    withheld: bool = False,
) -> pb.Decision:
    """Return a decision as it was made, and where it stands at *now*.

    With *explain* also its evidence; *withheld*: without what machines estimated.
    """
    ruling: Ruling = from_plain(Ruling, json.loads(stored.body))
    decision = render_ruling(ruling, explain=explain)
    decision.name = decision_name(stored.account, stored.id)
    decision.decider.kind = DECIDERS[Decider(stored.decider)]
    decision.decider.identity = stored.identity
    decision.entry_hash = stored.entry_hash
    decision.state = state_of(measure, now)
    if ruling.strike_expire_time is not None:
        decision.strike = stored.id
    if explain:
        evidence = stored.evidence
        decision.evidence_json = without_scores(evidence) if withheld else evidence
        decision.scores_withheld = withheld
    return decision


def render_ruling(ruling: Ruling, *, explain: bool = False) -> pb.Decision:
    """Return what was ruled; with *explain*, also what rules abstained on."""
    on_ladder = ruling.tier > Tier.CLEAR
    ends = ruling.expire_time if on_ladder else ruling.interaction_expire_time
    return pb.Decision(
        tier=TIERS[ruling.tier],
        previous_tier=TIERS[ruling.previous_tier],
        interaction_tier=INTERACTION_TIERS[ruling.interaction],
        previous_interaction_tier=INTERACTION_TIERS[ruling.previous_interaction],
        ground=GROUNDS[ruling.ground],
        reasons=ruling.reasons,
        rules=outcomes(ruling, explain=explain),
        strategies=ruling.strategies,
        contents=[mark.content for mark in ruling.contents],
        profile_revision=ruling.profile_revision,
        ruleset_digest=ruling.ruleset_digest,
        model_digests=ruling.model_digests,
        decide_time=to_timestamp(ruling.decide_time),
        expire_time=to_timestamp(ends),
        provisional=ruling.provisional,
        decider=pb.Decider(kind=pb.DECIDER_KIND_RULE),
        evidence_digest=ruling.evidence_digest,
        held_back=ruling.held_back,
    )


def outcomes(ruling: Ruling, *, explain: bool) -> list[pb.RuleOutcome]:
    """Return what became of the rules; those that did not fire are left out."""
    rules = [
        pb.RuleOutcome(
            rule=match.rule,
            result=pb.RULE_RESULT_FIRED,
            tier=TIERS[match.tier],
            interaction_tier=INTERACTION_TIERS[match.interaction],
            shadow=shadow,
        )
        for matches, shadow in ((ruling.fired, False), (ruling.shadow, True))
        for match in matches
    ]
    if explain:
        rules += [
            pb.RuleOutcome(
                rule=found.rule,
                result=pb.RULE_RESULT_ABSTAINED,
                abstained_on=[found.reason],
            )
            for found in ruling.abstained
        ]
    return rules


def state_of(measure: Measure | None, now: datetime) -> pb.DecisionState.ValueType:
    """Return where a decision stands at *now*."""
    if measure is None or measure.reversed:
        return pb.DECISION_STATE_REVERSED
    if measure.ended_by:
        return pb.DECISION_STATE_SUPERSEDED
    made = measure.made
    ends = [made.expire_time] if made.tier > Tier.CLEAR else []
    if made.interaction > InteractionTier.NONE:
        ends.append(made.interaction_expire_time)
    if ends and all(expired(end, now) for end in ends):
        return pb.DECISION_STATE_EXPIRED
    return pb.DECISION_STATE_IN_FORCE
