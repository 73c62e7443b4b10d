"""Evidence, histories and rulesets with sensible defaults, for the domain's tests."""

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from services.policy.domain.events import DecisionMade, Event, NoticeHandedOver
from services.policy.domain.evidence import Evidence, FlaggedContent
from services.policy.domain.fold import fold_all
from services.policy.domain.history import History
from services.policy.domain.judge import rule
from services.policy.domain.rulefile import load_ruleset
from services.policy.domain.ruleset import Ruleset
from services.policy.domain.rulings import Ruling
from services.policy.domain.switches import DEFAULT, Switches
from services.policy.domain.tiers import ContentLabel, Identifiability, Tier

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
RULESETS = Path(__file__).parents[2] / "services/policy/rulesets"
KNOWN: dict[str, Any] = {
    "reliance_state": Identifiability.IDENTIFIED,
    "reliance_lower": 0.0,
    "reliance_median": 0.01,
    "reliance_upper": 0.05,
    "eligible_posts": 30,
    "flagged_posts": 0,
    "hard_posts": 0,
    "automation": 0.001,
    "operation_hard": False,
    "registered_by_tool": False,
    "tool_post_share": 0.0,
    "tool_interaction_share": 0.0,
    "tool_post_count": 0,
    "interaction_automation": 0.001,
    "interaction_count": 100,
    "banned_lineage": False,
    "staleness_seconds": 1.0,
}
PERSON: dict[str, Any] = {}
SOME_AI: dict[str, Any] = {
    "reliance_lower": 0.1,
    "reliance_median": 0.2,
    "reliance_upper": 0.3,
    "flagged_posts": 5,
    "speaking_channels": ("STYLE", "TEMPO"),
    "automation": 0.96,
    "automation_channels": ("TEMPO",),
}
HOSTED: dict[str, Any] = {
    "reliance_lower": 0.95,
    "reliance_median": 0.97,
    "reliance_upper": 0.99,
    "flagged_posts": 30,
    "hard_posts": 30,
    "automation": 0.9999,
    "automation_channels": ("OPERATION", "TEMPO"),
    "speaking_channels": ("OPERATION", "STYLE", "TEMPO"),
    "operation_hard": True,
}
TOOL_RUN: dict[str, Any] = {
    "registered_by_tool": True,
    "operation_hard": True,
    "tool_post_share": 1.0,
    "tool_interaction_share": 1.0,
    "tool_post_count": 10,
    "automation": 0.9999,
    "automation_channels": ("OPERATION",),
    "speaking_channels": ("OPERATION",),
}
STATISTICAL: dict[str, Any] = HOSTED | {
    "reliance_lower": 0.85,
    "hard_posts": 0,
    "operation_hard": False,
    "automation_channels": ("COORDINATION", "TEMPO"),
    "speaking_channels": ("COORDINATION", "STYLE", "TEMPO"),
}
INTERACTING: dict[str, Any] = {
    "interaction_automation": 0.999,
    "interaction_channels": ("OPERATION", "TEMPO"),
    "interaction_strategies": ("INSTANT_REPLY",),
}


@cache
def default_ruleset() -> Ruleset:
    return load_ruleset((RULESETS / "default.yaml").read_text())


def some_evidence(
    now: datetime = NOW, kind: dict[str, Any] = PERSON, **more: Any
) -> Evidence:
    """Evidence of *now*; a person's unless *kind* says otherwise."""
    values = KNOWN | kind | more
    posts = values["flagged_posts"]
    flagged = tuple(
        FlaggedContent(
            now - i * timedelta(minutes=1), f"n{i}", ContentLabel.SUSPECTED_AI, 3.0
        )
        for i in range(min(posts, 3))
    )
    frozen: dict[str, Any] = {
        "account": "a",
        "profile_revision": int(now.timestamp()),
        "as_of_time": now,
        "last_event_time": now,
        "flagged_contents": flagged,
    }
    return Evidence(**(frozen | values))


class World:
    """One account under the default ruleset, with its log and its clock."""

    def __init__(self, ruleset: Ruleset | None = None) -> None:
        self.now = NOW
        self.ruleset = ruleset or default_ruleset()
        self.log: list[Event] = []
        self.frozen: dict[str, tuple[Evidence, Ruleset, Switches]] = {}

    @property
    def history(self) -> History:
        return fold_all(self.log)

    @property
    def tier(self) -> Tier:
        return self.history.tier(self.now)

    def judge(
        self, kind: dict[str, Any], switches: Switches = DEFAULT, **more: Any
    ) -> Ruling:
        """Rule on evidence of now, and record what follows."""
        evidence = some_evidence(self.now, kind, **more)
        ruling = rule(evidence, self.history, self.ruleset, self.now, switches)
        self.log += ruling.events()
        self.frozen[ruling.decision] = (evidence, self.ruleset, switches)
        return ruling

    def told(self) -> None:
        """Hand over every notice that waits."""
        for measure in self.history.measures:
            if measure.notice_time is None:
                decision = measure.made.decision
                self.log.append(NoticeHandedOver(time=self.now, decision=decision))

    def judged_and_told(self, kind: dict[str, Any], **more: Any) -> Ruling:
        ruling = self.judge(kind, **more)
        self.told()
        return ruling

    def days(self, count: float) -> None:
        self.now += count * DAY

    @property
    def last(self) -> DecisionMade:
        return self.history.measures[-1].made


CHANNELS = ("STYLE", "TEMPLATE", "TEMPO", "OPERATION", "COORDINATION", "PROVENANCE")
shares = st.sampled_from([None, 0.0, 0.05, 0.06, 0.1, 0.3, 0.45, 0.65, 0.8, 0.9, 1.0])
beliefs = st.sampled_from([None, 0.0, 0.5, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9999, 1.0])
counts = st.sampled_from([None, 0, 1, 2, 3, 19, 20, 30, 50, 300])
truths = st.sampled_from([None, False, True])
channels = st.lists(st.sampled_from(CHANNELS), max_size=4, unique=True).map(tuple)


@st.composite
def evidences(draw: st.DrawFn, now: datetime = NOW) -> Evidence:
    """Any evidence, possible or odd, around every threshold of the default rules."""
    lower, median, upper = draw(shares), draw(shares), draw(shares)
    return some_evidence(
        now,
        reliance_state=draw(st.sampled_from(Identifiability)),
        reliance_lower=lower,
        reliance_median=median,
        reliance_upper=upper,
        eligible_posts=draw(counts),
        hard_posts=draw(counts),
        flagged_posts=draw(counts) or 0,
        automation=draw(beliefs),
        automation_channels=draw(channels),
        speaking_channels=draw(channels),
        operation_hard=draw(truths),
        registered_by_tool=draw(truths),
        tool_post_share=draw(shares),
        tool_interaction_share=draw(shares),
        tool_post_count=draw(counts),
        interaction_automation=draw(beliefs),
        interaction_count=draw(counts),
        interaction_channels=draw(channels),
        banned_lineage=draw(truths),
        protected=draw(st.booleans()),
        last_person_time=draw(st.sampled_from([None, now, now - 30 * DAY])),
        staleness_seconds=draw(st.sampled_from([None, 0.0, 1e3, 1e6])),
    )
