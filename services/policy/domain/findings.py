"""What was found, in stable codes, and which content it was found in."""

from collections.abc import Iterable
from datetime import datetime

from services.policy.domain.events import ContentMark
from services.policy.domain.evidence import Evidence, FlaggedContent
from services.policy.domain.history import History
from services.policy.domain.matrix import Content, content_of, is_tool_run
from services.policy.domain.numbers import Bounds
from services.policy.domain.ruleset import Rule
from services.policy.domain.tiers import (
    ContentLabel,
    EvidenceClass,
    Ground,
    InteractionTier,
    Tier,
)

OPERATIONAL = frozenset({EvidenceClass.OPERATION, EvidenceClass.CONTENT_AND_OPERATION})
RATIOS = {
    "OPERATION": "operation_llr",
    "PROVENANCE": "provenance_llr",
    "COORDINATION": "coordination_llr",
    "TEMPO": "tempo_llr",
    "TEMPLATE": "template_llr",
    "STYLE": "style_llr",
}


def reasons(evidence: Evidence, bounds: Bounds, relied_on: Iterable[str]) -> list[str]:
    """Why, the weightiest first: the channels that speak, then what came before."""
    speaking = [name for name in RATIOS if name in evidence.speaking_channels]
    speaking.sort(key=lambda name: -(getattr(evidence, RATIOS[name]) or 0.0))
    found = ["TOOL_RUN"] if is_tool_run(evidence, bounds) else []
    return found + speaking + (["REPEATED"] if tuple(relied_on) else [])


def ground(fired: Iterable[Rule], tier: Tier, interaction: InteractionTier) -> Ground:
    """Which part of the platform's rule the decision rests on."""
    if tier > Tier.CLEAR:
        asking = [rule for rule in fired if rule.tier > Tier.CLEAR]
        strictest = max(asking, key=lambda rule: rule.tier, default=None)
        if strictest and strictest.evidence_class in OPERATIONAL:
            return Ground.HOSTED_ACCOUNT
        return Ground.AI_CONTENT
    if interaction > InteractionTier.NONE:
        return Ground.AUTOMATED_INTERACTION
    return Ground.NONE


def offence_time(fired: Iterable[Rule], evidence: Evidence) -> datetime | None:
    """The latest thing that the rules which fired rest on."""
    if any(rule.evidence_class in OPERATIONAL for rule in fired):
        return evidence.last_event_time
    return evidence.last_flagged_time


def account_label(evidence: Evidence, bounds: Bounds, imposed: Tier) -> ContentLabel:
    """The label on an account as a whole: only where all its content is AI-made.

    As weak as the weakest proof among its posts: one post with metadata proves
    nothing of the others.
    """
    all_ai = content_of(evidence, bounds) is Content.ALL_AI
    if imposed < Tier.WARNING or not all_ai:
        return ContentLabel.NONE
    labels = (post.label for post in evidence.flagged_contents)
    return min(labels, default=ContentLabel.SUSPECTED_AI)


def marks(
    evidence: Evidence, history: History, bounds: Bounds, *, recommended: bool
) -> tuple[ContentMark, ...]:
    """What follows for flagged posts, only where it is more than applies already.

    A detector's word needs a strong ratio of the text itself for a label; a fact needs
    nothing. Not to be recommended takes no label: together they led to a warning.
    """
    known = {mark.content: mark for mark in history.contents()}
    fresh = []
    for post in evidence.flagged_contents:
        before = known.get(post.activity, ContentMark(post.activity))
        label = max(label_of(post, bounds), before.label)
        mark = ContentMark(post.activity, label, recommended and before.recommended)
        if mark != before:
            fresh.append(mark)
    return tuple(fresh)


def label_of(post: FlaggedContent, bounds: Bounds) -> ContentLabel:
    """The label that one post bears out by itself."""
    suspected = post.label is ContentLabel.SUSPECTED_AI
    weak = suspected and post.log_likelihood_ratio < bounds.label_llr
    return ContentLabel.NONE if weak else post.label
