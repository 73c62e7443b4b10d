"""The statement of reasons that goes with every measure: facts, ground, redress.

For the person concerned. It names what was done and found, how automation took part,
the part of the platform's rule, and the ways to object. No scores, no thresholds.
"""

from services.policy.domain.events import DecisionMade
from services.policy.domain.notices import effects, found, until
from services.policy.domain.tiers import Decider, Ground, InteractionTier, Tier
from services.policy.domain.wording import (
    AUTOMATION,
    GROUNDS,
    INTERACTION_EFFECT,
    NO_END,
    REDRESS,
    Words,
)

HEADINGS = (
    Words("决定", "Decision"),
    Words("事实", "Facts"),
    Words("依据", "Ground"),
    Words("自动化", "Use of automation"),
    Words("救济", "Redress"),
)


def statement(
    made: DecisionMade, *, confirmed: bool = False, reason: str = ""
) -> Words:
    """The statement of reasons of a decision, Chinese and English.

    *reason* is the text of a person who decided, as it was written.
    """
    parts = (
        measures(made),
        facts(made, reason),
        ground_of(made),
        AUTOMATION[automation(made, confirmed=confirmed)],
        REDRESS,
    )
    pairs = list(zip(HEADINGS, parts, strict=True))
    return Words(
        "\n".join(f"{heading.zh}：{part.zh}" for heading, part in pairs),
        "\n".join(f"{heading.en}: {part.en}" for heading, part in pairs),
    )


def facts(made: DecisionMade, reason: str) -> Words:
    """What was found; where a person decided, in their words where they gave any."""
    told = " ".join(reason.split())  # each part of a statement is one line
    if told and not made.reasons and not made.strategies:
        return Words(told, told)
    words = found(made.reasons, made.strategies)
    return Words(f"{words.zh}{told}", f"{words.en} {told}") if told else words


def measures(made: DecisionMade) -> Words:
    """What was imposed, and until when."""
    said: list[Words] = []
    if made.tier > Tier.CLEAR:
        said += [*effects(made), *(until(made.expire_time) or [NO_END])]
    if made.interaction > InteractionTier.NONE and made.tier < Tier.BANNED:
        said += [INTERACTION_EFFECT, *until(made.interaction_expire_time)]
    return Words("".join(w.zh for w in said), " ".join(w.en for w in said))


def automation(made: DecisionMade, *, confirmed: bool) -> str:
    """Who decided: rules alone, rules with a person, or a person."""
    if made.decider is Decider.PERSON:
        return "PERSON"
    return "CONFIRMED" if confirmed else "RULE"


def ground_of(made: DecisionMade) -> Words:
    """The part of the platform's rule that a decision rests on."""
    ground = made.ground if made.ground is not Ground.NONE else Ground.AI_CONTENT
    return GROUNDS[ground.name]
