"""What people are told, in Chinese and English, in plain words.

A notice says what was found, what follows, until when, what comes next and how to
object. It names kinds of evidence, never a score or a threshold.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

from services.policy.domain.events import DecisionMade
from services.policy.domain.tiers import InteractionTier, Tier
from services.policy.domain.wording import (
    ANSWERS,
    APPEAL,
    EFFECTS,
    FINDINGS,
    FOUND_NOTHING_NAMED,
    INTERACTION_EFFECT,
    LABELLED,
    NEXT,
    NOT_RECOMMENDED,
    PROVISIONAL,
    STRATEGIES,
    STRIKE,
    TITLES,
    UNTIL,
    Words,
)

APPEAL_WITHIN = timedelta(days=180)
CHINA = timezone(timedelta(hours=8))


class NoticeKind(StrEnum):
    """What a notice tells about."""

    DECISION = "DECISION"
    BAN_CONFIRMED = "BAN_CONFIRMED"
    MEASURE_LIFTED = "MEASURE_LIFTED"
    DECISION_REVERSED = "DECISION_REVERSED"
    APPEAL_RECEIVED = "APPEAL_RECEIVED"
    APPEAL_UPHELD = "APPEAL_UPHELD"
    APPEAL_OVERTURNED = "APPEAL_OVERTURNED"
    APPEAL_REMITTED = "APPEAL_REMITTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message to the account's owner. The key makes it be written once."""

    key: str
    kind: NoticeKind
    decision: str
    title_zh: str
    body_zh: str
    title_en: str
    body_en: str
    create_time: datetime
    expire_time: datetime | None = None
    appeal_expire_time: datetime | None = None


def notice_about(made: DecisionMade, reason: str = "") -> Notice:
    """The notice that tells about a decision; *reason* is a person's text."""
    on_ladder = made.tier > Tier.CLEAR
    limited = made.interaction > InteractionTier.NONE
    track = "INTERACTION" if limited else "CLEAR"
    title = TITLES[made.tier.name if on_ladder else track]
    body = joined(*paragraphs(made, reason))
    return Notice(
        key=f"{made.decision}:{NoticeKind.DECISION}",
        kind=NoticeKind.DECISION,
        decision=made.decision,
        title_zh=title.zh,
        body_zh=body.zh,
        title_en=title.en,
        body_en=body.en,
        create_time=made.time,
        expire_time=made.expire_time if on_ladder else made.interaction_expire_time,
        appeal_expire_time=made.time + APPEAL_WITHIN,
    )


def paragraphs(made: DecisionMade, reason: str = "") -> list[Words]:
    """What was found, what follows, until when, what next, how to object."""
    named = made.reasons or made.strategies or not reason
    parts = [found(made.reasons, made.strategies)] if named else []
    parts += [Words(reason, reason)] if reason else []
    limited = made.interaction > InteractionTier.NONE
    if made.tier > Tier.CLEAR or not limited:
        parts += [*effects(made), *until(made.expire_time)]
    if made.provisional:
        parts.append(PROVISIONAL)
    # A ban covers interaction, for good: no end of it may be told beside it.
    if limited and made.tier < Tier.BANNED:
        parts.append(INTERACTION_EFFECT)
        parts += until(made.interaction_expire_time)
    if made.tier > Tier.CLEAR:
        parts.append(NEXT[made.tier.name])
    return [*parts, APPEAL]


def effects(made: DecisionMade) -> list[Words]:
    """What a tier means to this account: only what really follows for it."""
    said = [EFFECTS[made.tier.name]]
    if made.tier is Tier.NOTICE and any(m.label for m in made.contents):
        said.append(LABELLED)
    if made.tier is Tier.WARNING and not all(m.recommended for m in made.contents):
        said.append(NOT_RECOMMENDED)
    return said + ([STRIKE] if made.strike_expire_time else [])


def found(reasons: tuple[str, ...], strategies: tuple[str, ...]) -> Words:
    """What was found, by kind of evidence, in words."""
    named = [FINDINGS[code] for code in reasons if code in FINDINGS]
    named += [STRATEGIES[code] for code in strategies if code in STRATEGIES]
    if not named:
        return FOUND_NOTHING_NAMED
    zh = "；".join(words.zh for words in named)
    en = "; ".join(words.en for words in named)
    return Words(f"我们发现：{zh}。", f"What we found: {en}.")


def until(time: datetime | None) -> list[Words]:
    """The sentence that says when it ends; nothing where it has no end."""
    if time is None:
        return []
    local = time.astimezone(CHINA)
    zh = f"{local.year}年{local.month}月{local.day}日{local:%H:%M}"
    en = f"{time.astimezone(UTC):%d %B %Y, %H:%M} UTC"
    return [Words(UNTIL.zh.format(time=zh), UNTIL.en.format(time=en))]


def notice_of_change(
    kind: NoticeKind, decision: str, now: datetime, reason: str = ""
) -> Notice:
    """The notice that tells what became of a decision. *reason* is a person's text."""
    title, opening = ANSWERS[kind.value]
    body = joined(opening, Words(reason, reason)) if reason else opening
    return Notice(
        key=f"{decision}:{kind}:{now.astimezone(UTC):%Y%m%dT%H%M%S%f}",
        kind=kind,
        decision=decision,
        title_zh=title.zh,
        body_zh=body.zh,
        title_en=title.en,
        body_en=body.en,
        create_time=now,
    )


def joined(*parts: Words) -> Words:
    """Paragraphs, one a line."""
    return Words(
        "\n".join(part.zh for part in parts), "\n".join(part.en for part in parts)
    )
