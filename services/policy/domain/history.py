"""What an account's log adds up to: measures, strikes, and people's words."""

from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from services.policy.domain.events import ContentMark, DecisionMade
from services.policy.domain.tiers import Decider, InteractionTier, Tier


@dataclass(frozen=True, slots=True)
class Measure:
    """One decision and what became of it."""

    made: DecisionMade
    notice_time: datetime | None = None
    confirmed: bool = False
    escalated: bool = False
    reversed: bool = False
    stayed: bool = False
    remitted_tier: Tier | None = None
    ended_by: str = ""
    """The person's decision that replaced it, if any."""
    reason: str = ""
    """Why, in a person's own words; empty where a rule decided."""

    @property
    def tier(self) -> Tier:
        """The tier it stands for, before time is asked."""
        return self.remitted_tier or self.made.tier

    def tier_at(self, now: datetime) -> Tier:
        """The tier it imposes at *now*."""
        if self.reversed or self.ended_by or expired(self.made.expire_time, now):
            return Tier.CLEAR
        if self.stayed and self.tier is not Tier.BANNED:
            return Tier.CLEAR
        if self.tier is Tier.BANNED and self.unconfirmed_at(now):
            return Tier.PUBLISHING_SUSPENDED
        return self.tier

    def interaction_at(self, now: datetime) -> InteractionTier:
        """The interaction tier it imposes at *now*."""
        over = expired(self.made.interaction_expire_time, now)
        if self.reversed or self.ended_by or self.stayed or over:
            return InteractionTier.NONE
        return self.made.interaction

    def unconfirmed_at(self, now: datetime) -> bool:
        """Whether it is a provisional ban whose time for confirmation is over."""
        waits = self.made.provisional and not self.confirmed
        return waits and (self.escalated or expired(self.made.confirm_by, now))

    def strikes_at(self, now: datetime) -> bool:
        """Whether its strike counts at *now*."""
        given = self.made.strike_expire_time
        if given is None or self.reversed or self.stayed:
            return False
        milder = self.remitted_tier is not None and self.remitted_tier < Tier.WARNING
        return not milder and now < given


@dataclass(frozen=True, slots=True)
class History:
    """The fold of one account's log. `sequence` is the number of its entries."""

    sequence: int = 0
    measures: tuple[Measure, ...] = ()
    marks: tuple[ContentMark, ...] = ()
    settled_time: datetime | None = None
    """What happened before it was judged by a person, and is not judged again."""
    word_holds_until: datetime | None = None
    open_appeals: frozenset[str] = frozenset()
    update_time: datetime | None = None

    def measure(self, decision: str) -> Measure | None:
        """The measure of *decision*, if it was made."""
        return next((m for m in self.measures if m.made.decision == decision), None)

    def word(self, now: datetime) -> Measure | None:
        """The person's decision in force at *now*, if any: the latest one."""
        for measure in reversed(self.measures):
            if measure.made.decider is Decider.PERSON and not measure.reversed:
                over = measure.ended_by or expired(measure.made.expire_time, now)
                return None if over else measure
        return None

    def person_decided(self, now: datetime) -> bool:
        """Whether a person's word keeps rules away at *now*."""
        until = self.word_holds_until
        return self.word(now) is not None or (until is not None and now < until)

    def banned(self) -> bool:
        """Whether a ban stands, confirmed or not."""
        return any(
            m.tier is Tier.BANNED and not (m.reversed or m.ended_by)
            for m in self.measures
        )

    def strikes(self, now: datetime) -> tuple[Measure, ...]:
        """Measures whose strike counts at *now*, oldest first."""
        return tuple(m for m in self.measures if m.strikes_at(now))

    def standing_measure(self, now: datetime) -> Measure | None:
        """The measure in force: a person's word, else the harshest, then the latest."""
        word = self.word(now)
        if word is not None:
            return word
        imposing = [m for m in self.measures if m.tier_at(now) > Tier.CLEAR]
        return max(imposing, key=lambda m: (m.tier_at(now), m.made.time), default=None)

    def tier(self, now: datetime) -> Tier:
        """The tier in force at *now*."""
        measure = self.standing_measure(now)
        return measure.tier_at(now) if measure else Tier.CLEAR

    def interaction(self, now: datetime) -> InteractionTier:
        """The interaction tier in force at *now*."""
        word = self.word(now)
        measures = self.measures if word is None else (word,)
        tiers = (m.interaction_at(now) for m in measures)
        return max(tiers, default=InteractionTier.NONE)

    def contents(self) -> tuple[ContentMark, ...]:
        """What applies to single pieces of content, the strictest of each, by id."""
        standing = (m.made.contents for m in self.measures if not m.reversed)
        strictest: dict[str, ContentMark] = {}
        for mark in chain(self.marks, *standing):
            known = strictest.get(mark.content, ContentMark(mark.content))
            strictest[mark.content] = ContentMark(
                mark.content,
                max(mark.label, known.label),
                recommended=mark.recommended and known.recommended,
            )
        return tuple(strictest[name] for name in sorted(strictest))

    def last_notice_time(self) -> datetime | None:
        """When the latest notice of a decision that stands was handed over."""
        standing = (m for m in self.measures if not m.reversed)
        return max((m.notice_time for m in standing if m.notice_time), default=None)


def expired(until: datetime | None, now: datetime) -> bool:
    """Whether *until* is past; None never is."""
    return until is not None and now >= until
