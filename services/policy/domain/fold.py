"""Event by event, a log becomes a history. Pure, total, in the order of the log."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from services.policy.domain.events import (
    PERSONS_WORD,
    AppealFiled,
    AppealOutcome,
    AppealResolved,
    AppealStayed,
    BanConfirmed,
    BanEscalated,
    ContentMark,
    ContentMarked,
    DecisionMade,
    DecisionReversed,
    Event,
    NoticeHandedOver,
    Overridden,
    ReversalCause,
)
from services.policy.domain.history import History, Measure
from services.policy.domain.tiers import ContentLabel, Decider


def fold(history: History, event: Event) -> History:  # noqa: PLR0911 one each
    """The history after *event*. Repeating an event changes nothing but `sequence`."""
    history = replace(history, sequence=history.sequence + 1, update_time=event.time)
    match event:
        case DecisionMade():
            return with_decision(history, event)
        case Overridden():
            return with_word(history, event)
        case ContentMarked():
            return replace(history, marks=marked(history.marks, event.contents))
        case AppealFiled():
            opened = history.open_appeals | {event.appeal}
            return replace(history, open_appeals=opened)
        case DecisionReversed():
            return with_reversal(history, event)
        case AppealResolved():
            return with_answer(history, event)
        case NoticeHandedOver() | BanConfirmed() | BanEscalated() | AppealStayed():
            return with_change(history, event)
    return history  # expiries are facts of time; their events are for the audit


def fold_all(events: Iterable[Event]) -> History:
    """The history of a whole log."""
    history = History()
    for event in events:
        history = fold(history, event)
    return history


def with_decision(history: History, event: DecisionMade) -> History:
    """Add a decision, once, at its time: a recomputed one keeps its place."""
    if history.measure(event.decision):
        return history
    measures = (*history.measures, Measure(event))
    ordered = tuple(sorted(measures, key=lambda m: m.made.time))
    return replace(history, measures=ordered)


def with_word(history: History, event: Overridden) -> History:
    """Add a person's decision; it ends what was in force, for as long as it stands."""
    if history.measure(event.decision):
        return history
    made = DecisionMade(
        time=event.time,
        decision=event.decision,
        decider=Decider.PERSON,
        identity=event.identity,
        tier=event.tier,
        interaction=event.interaction,
        ground=event.ground,
        expire_time=event.expire_time,
        interaction_expire_time=event.expire_time,
    )
    ended = tuple(
        m if m.ended_by else replace(m, ended_by=event.decision)
        for m in history.measures
    )
    measures = (*ended, Measure(made, reason=event.reason))
    return replace(history, measures=measures, settled_time=event.time)


def with_change(
    history: History,
    event: NoticeHandedOver | BanConfirmed | BanEscalated | AppealStayed,
) -> History:
    """Note what happened to one decision."""
    match event:
        case NoticeHandedOver():
            return changed(history, event.decision, notice_time=event.time)
        case BanConfirmed():
            return changed(history, event.decision, confirmed=True)
        case BanEscalated():
            return changed(history, event.decision, escalated=True)
        case AppealStayed():
            return changed(history, event.decision, stayed=True)


def with_reversal(history: History, event: DecisionReversed) -> History:
    """Void a decision, and give back what it had ended."""
    measure = history.measure(event.decision)
    if measure is None or measure.reversed:
        return history
    history = changed(history, event.decision, reversed=True)
    measures = tuple(
        replace(m, ended_by="") if m.ended_by == event.decision else m
        for m in history.measures
    )
    history = replace(history, measures=measures, marks=restored(history.marks))
    if event.cause not in PERSONS_WORD:
        return history
    return replace(
        history, settled_time=event.time, word_holds_until=event.word_holds_until
    )


def with_answer(history: History, event: AppealResolved) -> History:
    """Apply an appeal's outcome. It can only make things milder."""
    history = replace(history, open_appeals=history.open_appeals - {event.appeal})
    history = changed(history, event.decision, stayed=False)
    measure = history.measure(event.decision)
    if event.outcome is AppealOutcome.OVERTURNED:
        void = DecisionReversed(
            time=event.time,
            decision=event.decision,
            cause=ReversalCause.APPEAL,
            word_holds_until=event.word_holds_until,
        )
        return with_reversal(history, void)
    milder = event.remitted_tier
    if event.outcome is AppealOutcome.REMITTED and measure and milder:
        tier = min(milder, measure.tier)
        return changed(history, event.decision, remitted_tier=tier)
    return history


def changed(history: History, decision: str, **fields: object) -> History:
    """The history with *fields* of one measure replaced, keeping first notice times."""
    measures = tuple(
        replace(m, **kept(m, fields)) if m.made.decision == decision else m
        for m in history.measures
    )
    return replace(history, measures=measures)


def kept(measure: Measure, fields: dict[str, object]) -> dict[str, Any]:
    """A notice is handed over once; a repeat must not restart the waiting time."""
    if measure.notice_time is not None:
        fields = {k: v for k, v in fields.items() if k != "notice_time"}
    return fields


def restored(marks: tuple[ContentMark, ...]) -> tuple[ContentMark, ...]:
    """Marks without what followed from a standing that was void; labels stay.

    Where another measure stands, the next judgement withholds the posts again.
    """
    eased = (replace(mark, recommended=True) for mark in marks)
    return tuple(mark for mark in eased if mark.label is not ContentLabel.NONE)


def marked(
    marks: tuple[ContentMark, ...], more: tuple[ContentMark, ...]
) -> tuple[ContentMark, ...]:
    """Marks by content; the latest word on each counts, so a label can go again."""
    by_content = {mark.content: mark for mark in (*marks, *more)}
    return tuple(by_content[name] for name in sorted(by_content))
