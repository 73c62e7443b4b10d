"""Content and operation are two questions; the tier may not exceed what both allow.

This table is code, not ruleset: no rule, however written, goes beyond it. It is the
reason why a ruleset of `when: "true"` bans nobody.
"""

from enum import IntEnum

from services.policy.domain.evidence import Evidence
from services.policy.domain.numbers import Bounds
from services.policy.domain.tiers import Channel, Identifiability, Tier


class Content(IntEnum):
    """Whose the content is."""

    OWN = 1
    UNKNOWN = 2
    SOME_AI = 3
    ALL_AI = 4


class Operation(IntEnum):
    """Who operates the account."""

    PERSON = 1
    PARTLY_TOOLS = 2
    THROUGHOUT_TOOLS = 3
    TOOL_RUN = 4  # registered, posts and interacts through a hosting tool


CAPS = {
    # What texts cannot tell is no licence for more than operation alone shows.
    (Content.OWN, Operation.PERSON): Tier.CLEAR,
    (Content.OWN, Operation.PARTLY_TOOLS): Tier.CLEAR,
    (Content.OWN, Operation.THROUGHOUT_TOOLS): Tier.CLEAR,
    (Content.UNKNOWN, Operation.PERSON): Tier.CLEAR,
    (Content.UNKNOWN, Operation.PARTLY_TOOLS): Tier.REACH_LIMITED,
    (Content.UNKNOWN, Operation.THROUGHOUT_TOOLS): Tier.REACH_LIMITED,
    (Content.SOME_AI, Operation.PERSON): Tier.WARNING,
    (Content.SOME_AI, Operation.PARTLY_TOOLS): Tier.PUBLISHING_SUSPENDED,
    (Content.SOME_AI, Operation.THROUGHOUT_TOOLS): Tier.PUBLISHING_SUSPENDED,
    (Content.ALL_AI, Operation.PERSON): Tier.PUBLISHING_LIMITED,
    (Content.ALL_AI, Operation.PARTLY_TOOLS): Tier.PUBLISHING_SUSPENDED,
    (Content.ALL_AI, Operation.THROUGHOUT_TOOLS): Tier.BANNED,
    (Content.OWN, Operation.TOOL_RUN): Tier.BANNED,
    (Content.UNKNOWN, Operation.TOOL_RUN): Tier.BANNED,
    (Content.SOME_AI, Operation.TOOL_RUN): Tier.BANNED,
    (Content.ALL_AI, Operation.TOOL_RUN): Tier.BANNED,
}
LATE_SHARE = 0.1
TEXT_ONLY = frozenset({"STYLE", "TEMPLATE", "REPORTS"})


def content_of(evidence: Evidence, bounds: Bounds) -> Content:
    """The row of the table."""
    lower, upper = evidence.reliance_lower, evidence.reliance_upper
    if evidence.reliance_state is not Identifiability.IDENTIFIED or lower is None:
        return Content.UNKNOWN
    if (evidence.backed_posts or 0) >= bounds.some_posts:
        if lower >= bounds.all_reliance_lower:
            return Content.ALL_AI
        if lower > bounds.some_reliance_lower:
            return Content.SOME_AI
    # The estimate leans towards people, so as never to accuse. Where it finds none of
    # the content AI-made and the texts together still read as a tool's, it is no proof.
    reads_as_ai = Channel.STYLE in evidence.speaking_channels
    if upper is not None and upper <= bounds.own_reliance_upper and not reads_as_ai:
        return Content.OWN
    return Content.UNKNOWN


def operation_of(evidence: Evidence, bounds: Bounds) -> Operation:
    """The column of the table."""
    if is_tool_run(evidence, bounds):
        return Operation.TOOL_RUN
    automation = evidence.automation or 0.0
    enough = evidence.automation_channel_count >= bounds.throughout_channels
    if automation >= bounds.throughout_automation and enough:
        return Operation.THROUGHOUT_TOOLS
    if automation >= bounds.partly_automation:
        return Operation.PARTLY_TOOLS
    return Operation.PERSON


def is_tool_run(evidence: Evidence, bounds: Bounds) -> bool:
    """Whether it was registered, posts and interacts through a hosting tool."""
    shares = (evidence.tool_post_share, evidence.tool_interaction_share)
    return (
        evidence.registered_by_tool is True
        and evidence.operation_hard is True
        and not evidence.person_seen
        and (evidence.tool_post_count or 0) >= bounds.tool_posts
        and all(share is not None and share >= bounds.tool_share for share in shares)
    )


def content_proven(evidence: Evidence, bounds: Bounds) -> bool:
    """Whether all content is AI-made by hard facts, not by style alone."""
    return (
        content_of(evidence, bounds) is Content.ALL_AI
        and (evidence.eligible_posts or 0) >= bounds.all_posts
        and (evidence.hard_posts or 0) > 0
    )


def texts_are_late(evidence: Evidence) -> bool:
    """Whether texts that wait to be scored could still speak for the account.

    A few among many could not, and whoever posts without a pause would never be
    judged if they counted.
    """
    waiting = evidence.pending_text_count or 0
    return waiting > LATE_SHARE * (evidence.eligible_posts or 0)


def cap(evidence: Evidence, bounds: Bounds) -> tuple[Tier, str]:
    """The harshest tier this evidence allows, and the code of the limit."""
    content = content_of(evidence, bounds)
    operation = operation_of(evidence, bounds)
    tier = CAPS[content, operation]
    if operation is Operation.TOOL_RUN:
        return tier, "matrix"
    if TEXT_ONLY.issuperset(evidence.speaking_channels) and tier > Tier.NOTICE:
        return Tier.NOTICE, "text_evidence_only"
    if tier is Tier.BANNED and texts_are_late(evidence):
        return Tier.PUBLISHING_SUSPENDED, "pending_texts"
    if tier is Tier.BANNED and not evidence.operation_speaks:
        return Tier.PUBLISHING_SUSPENDED, "no_operation_evidence"
    if tier is Tier.BANNED and not content_proven(evidence, bounds):
        return Tier.PUBLISHING_SUSPENDED, "no_hard_facts"
    return tier, "matrix"
