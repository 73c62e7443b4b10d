"""What a ruling writes: events, the decision, the notice, cases, content measures."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from services.policy.domain.canonical import canonical
from services.policy.domain.cases import people_for
from services.policy.domain.events import ContentMark, Event
from services.policy.domain.evidence import Evidence
from services.policy.domain.fold import fold
from services.policy.domain.history import History
from services.policy.domain.lapses import owed
from services.policy.domain.names import decision_name
from services.policy.domain.notices import Notice, notice_about
from services.policy.domain.ruleset import Ruleset
from services.policy.domain.rulings import Ruling
from services.policy.domain.standing import standing_of
from services.policy.domain.switches import Switches
from services.policy.domain.tiers import CaseKind, ContentLabel, Decider, Tier
from services.policy.storage.cases import CaseNews
from services.policy.storage.effects import Effects, NewDecision, StandingView
from services.policy.storage.measures import StoredMeasure
from services.policy.storage.notices import NewNotice, NoticeBody


def effects_of(
    ruling: Ruling,
    evidence: Evidence,
    history: History,
    ruleset: Ruleset,
    switches: Switches,
) -> Effects | None:
    """Return what *ruling* writes; None where nothing follows."""
    now = ruling.decide_time
    events = (*owed(history, now), *ruling.events())
    cases = tuple(case_of(kind, ruling, evidence) for kind in ruling.cases)
    if not events and not cases:
        return None
    after = folded(history, events)
    return Effects(
        events=events,
        standing=view_of(after, now, ruleset),
        now=now,
        decisions=[new_decision(ruling, evidence, switches)] if ruling.acts else (),
        notices=written(notice_about(ruling.made())) if ruling.acts else (),
        cases=cases,
        measures=measures_of(ruling.account, ruling.contents, ruling),
        budgets=budgets_of(ruling, ruleset) if ruling.acts else {},
        identity_keys=identity_keys(ruling, evidence),
    )


def identity_keys(ruling: Ruling, evidence: Evidence) -> tuple[str, ...]:
    """Return what a sanctioned account is known by; it counts once it is banned."""
    if ruling.imposed_tier < Tier.WARNING:
        return ()
    return (*evidence.device_keys, *evidence.network_keys)


def budgets_of(ruling: Ruling, ruleset: Ruleset) -> dict[str, int]:
    """Return the daily budget of each rule that fired and has one."""
    fired = (ruleset.by_id[match.rule] for match in ruling.fired)
    return {rule.id: rule.budget for rule in fired if rule.budget is not None}


def noted(
    history: History, events: Sequence[Event], ruleset: Ruleset, now: datetime
) -> Effects:
    """Return what appending *events* writes, after what time had changed before."""
    events = (*owed(history, now), *events)
    after = folded(history, events)
    return Effects(events=events, standing=view_of(after, now, ruleset), now=now)


def lapsed(history: History, ruleset: Ruleset, now: datetime) -> Effects | None:
    """Return what time has changed by *now*; None for nothing."""
    return noted(history, (), ruleset, now) if owed(history, now) else None


def folded(history: History, events: Iterable[Event]) -> History:
    """Return *history* after *events*."""
    for event in events:
        history = fold(history, event)
    return history


def view_of(history: History, now: datetime, ruleset: Ruleset) -> StandingView:
    """Return how the account stands, as it is kept."""
    standing = standing_of(history, now, ruleset.ladder)
    return StandingView(
        tier=standing.tier,
        interaction_tier=standing.interaction,
        due=standing.due,
        # When it changed is written beside it, and only where anything else did.
        state=canonical(replace(standing, update_time=None)).decode(),
    )


def new_decision(ruling: Ruling, evidence: Evidence, switches: Switches) -> NewDecision:
    """Return the decision with all that is needed to make it again."""
    return NewDecision(
        id=ruling.decision,
        tier=ruling.tier,
        ruleset_digest=ruling.ruleset_digest,
        decider=Decider.RULE,
        identity="",
        body=ruling.canonical().decode(),
        evidence=evidence.canonical().decode(),
        switches=canonical(switches).decode(),
    )


def written(*notices: Notice | None) -> tuple[NewNotice, ...]:
    """Return *notices* as they are kept; the key of each makes it be written once."""
    return tuple(
        NewNotice(
            key=notice.key,
            decision=notice.decision,
            body=NoticeBody(
                kind=notice.kind.name,
                title_zh=notice.title_zh,
                body_zh=notice.body_zh,
                title_en=notice.title_en,
                body_en=notice.body_en,
                expire_time=notice.expire_time,
                appeal_expire_time=notice.appeal_expire_time,
            ),
        )
        for notice in notices
        if notice is not None
    )


def case_of(kind: CaseKind, ruling: Ruling, evidence: Evidence) -> CaseNews:
    """Return the case that *ruling* asks for; a whole cluster shares one."""
    decision = decision_name(ruling.account, ruling.decision)
    return CaseNews(
        kind=kind,
        account=ruling.account,
        cluster=ruling.cluster,
        decision=decision if ruling.acts else "",
        contents=tuple(mark.content for mark in ruling.contents),
        people_needed=people_for(
            kind, evidence.follower_count, evidence.account_age_days
        ),
    )


def measures_of(
    account: str, marks: Iterable[ContentMark], ruling: Ruling
) -> tuple[StoredMeasure, ...]:
    """Return what applies to single pieces of content from now on."""
    return tuple(
        StoredMeasure(
            account=account,
            content=mark.content,
            label=label_code(mark.label),
            recommended=mark.recommended,
            decision=ruling.decision if ruling.acts else "",
        )
        for mark in marks
    )


def label_code(label: ContentLabel) -> str:
    """Return the code of a label; empty for none."""
    return "" if label is ContentLabel.NONE else label.name
