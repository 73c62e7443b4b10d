"""The names a rule may use: type, meaning, and which way each one speaks."""

from collections.abc import Mapping
from typing import NamedTuple


class Variable(NamedTuple):
    """A name in rules. `harm`: 1 speaks against the account as it grows, -1 for it."""

    kind: str
    harm: int
    meaning: str


D, N, B, S, L = "double", "int", "bool", "string", "list(string)"

VARIABLES: Mapping[str, Variable] = {
    "account_kind": Variable(S, 0, "PERSON, ORGANISATION or DECLARED_BOT"),
    "protected": Variable(B, -1, "on the protected list: a person decides first"),
    "account_age_days": Variable(D, -1, "days since the account was made"),
    "follower_count": Variable(N, 0, "followers"),
    "ownership_epoch": Variable(N, 0, "changes of owner noticed so far"),
    "activity_count": Variable(N, 0, "activities in the log"),
    "cluster_size": Variable(N, 1, "accounts that act as one with it"),
    "banned_lineage": Variable(B, 1, "shares a device or network with a banned one"),
    "reliance_state": Variable(S, 0, "IDENTIFIED or NOT_IDENTIFIABLE, over 90 days"),
    "reliance_lower": Variable(D, 1, "share of AI content, lower end of the interval"),
    "reliance_median": Variable(D, 1, "the same, median"),
    "reliance_upper": Variable(D, 1, "the same, upper end"),
    "reliance_30d_state": Variable(S, 0, "as reliance_state, over 30 days"),
    "reliance_30d_lower": Variable(D, 1, "as reliance_lower, over 30 days"),
    "reliance_30d_median": Variable(D, 1, "as reliance_median, over 30 days"),
    "reliance_30d_upper": Variable(D, 1, "as reliance_upper, over 30 days"),
    "probability_none": Variable(D, -1, "probability that not one post is AI-made"),
    "eligible_posts": Variable(N, 1, "posts that count, over 90 days"),
    "flagged_posts": Variable(N, 1, "of these, posts whose own evidence says AI"),
    "hard_posts": Variable(N, 1, "of these, posts with facts of their own"),
    "backed_posts": Variable(N, 1, "the larger of flagged_posts and hard_posts"),
    "automation": Variable(D, 1, "probability that automation operates the account"),
    "automation_channels": Variable(L, 1, "channels that back it"),
    "automation_channel_count": Variable(N, 1, "how many"),
    "speaking_channels": Variable(L, 1, "all channels that speak against the account"),
    "speaking_channel_count": Variable(N, 1, "how many"),
    "operation_speaks": Variable(B, 1, "OPERATION is among automation_channels"),
    "operation_hard": Variable(B, 1, "operation facts asserted by the platform"),
    "registered_by_tool": Variable(B, 1, "registered through a hosting tool"),
    "tool_post_share": Variable(D, 1, "share of posts a hosting tool published"),
    "tool_interaction_share": Variable(D, 1, "share of interactions a tool did"),
    "tool_post_count": Variable(N, 1, "posts a hosting tool published"),
    "tool_interaction_count": Variable(N, 1, "interactions a hosting tool did"),
    "scheduler_share": Variable(D, 0, "share of posts from a scheduler; no offence"),
    "person_seen": Variable(B, -1, "a person shown present in the last 14 days"),
    "interaction_automation": Variable(D, 1, "probability that it interacts by tools"),
    "interaction_count": Variable(N, 1, "interactions it rests on"),
    "interaction_channels": Variable(L, 1, "channels that back it"),
    "interaction_channel_count": Variable(N, 1, "how many"),
    "interaction_strategies": Variable(L, 1, "strategies recognised"),
    "style_llr": Variable(D, 1, "log likelihood ratio of STYLE"),
    "template_llr": Variable(D, 1, "log likelihood ratio of TEMPLATE"),
    "tempo_llr": Variable(D, 1, "log likelihood ratio of TEMPO"),
    "operation_llr": Variable(D, 1, "log likelihood ratio of OPERATION"),
    "coordination_llr": Variable(D, 1, "log likelihood ratio of COORDINATION"),
    "provenance_llr": Variable(D, 1, "log likelihood ratio of PROVENANCE"),
    "human_llr": Variable(D, 1, "log likelihood ratio of HUMAN; below 0 exculpates"),
    "typed_share": Variable(D, -1, "share of texts with known input that were typed"),
    "same_voice": Variable(B, -1, "recent style fits the person's old texts"),
    "report_count": Variable(N, 0, "reports; triage only"),
    "independent_report_count": Variable(N, 0, "reports, crowds that act as one apart"),
    "report_weight": Variable(D, 0, "sum of reporters' reliability; triage only"),
    "pending_text_count": Variable(N, 0, "texts that wait to be scored"),
    "staleness_seconds": Variable(D, -1, "age of the evidence"),
}
