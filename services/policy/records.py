"""What a person's decision writes: shaped like a rule's, so that all read alike."""

from dataclasses import dataclass

from services.policy.callers import Caller
from services.policy.domain.canonical import canonical
from services.policy.domain.events import Overridden
from services.policy.domain.history import History
from services.policy.domain.ruleset import Ruleset
from services.policy.domain.rulings import Ruling
from services.policy.domain.tiers import Decider
from services.policy.effects import folded
from services.policy.storage.effects import NewDecision

PERSON_DECIDED = "PERSON_DECIDED"


@dataclass(frozen=True, slots=True)
class Hearing:
    """Who decides, and the rules that hold meanwhile."""

    caller: Caller
    ruleset: Ruleset


def decision_of(
    word: Overridden, account: str, before: History, ruleset: Ruleset
) -> NewDecision:
    """Return the decision that *word* makes of an account with history *before*."""
    after = folded(before, (word,))
    ruling = Ruling(
        decision=word.decision,
        account=account,
        decide_time=word.time,
        profile_revision=0,
        evidence_digest="",
        ruleset_digest=ruleset.digest,
        model_digests=(),
        history_sequence=before.sequence,
        acts=True,
        tier=after.tier(word.time),
        previous_tier=before.tier(word.time),
        interaction=after.interaction(word.time),
        previous_interaction=before.interaction(word.time),
        imposed_tier=word.tier,
        imposed_interaction=word.interaction,
        ground=word.ground,
        reasons=(PERSON_DECIDED,),
        expire_time=word.expire_time,
    )
    return NewDecision(
        id=word.decision,
        tier=ruling.tier,
        ruleset_digest=ruleset.digest,
        decider=Decider.PERSON,
        identity=word.identity,
        body=canonical(ruling).decode(),
    )
