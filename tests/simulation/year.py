"""A year of one account through the pure domain: fold, profile, rules, ladder, people.

What the services do around the domain (storage, wire, streams) is left out; a sample
goes through the services too, and both must agree (`test_year`).

`census` lets a whole population live and counts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from services.accounts.convert.activities import Reader
from services.accounts.convert.profiles import profile_message
from services.accounts.domain.activities import Score, Verdict
from services.accounts.domain.evidence import References, ReportSummary
from services.accounts.domain.fingerprints import content_key
from services.accounts.domain.profile import AccountFacts, derive
from services.accounts.domain.state import Facts, ProfileState, fold
from services.accounts.domain.times import to_us
from services.cli.stories import START
from services.policy.convert.evidence import evidence_of
from services.policy.domain.events import Event, NoticeHandedOver
from services.policy.domain.evidence import Evidence
from services.policy.domain.fold import fold as fold_event
from services.policy.domain.history import History
from services.policy.domain.judge import rule
from services.policy.domain.reversals import Frozen
from services.policy.domain.ruleset import Ruleset
from services.policy.domain.rulings import Ruling
from services.policy.domain.standing import standing_of
from services.policy.domain.switches import DEFAULT
from services.policy.domain.tiers import InteractionTier, Tier
from services.policy.effects import effects_of
from services.policy.settings import PolicySettings
from services.policy.shipped import compiled, shipped_text
from tests.simulation.actors import Actor, Allowed, Kind, day_end
from tests.simulation.lives import DAY
from tests.simulation.moderators import Moderators
from truepen.accounts.v1 import activities_pb2

DAYS = 365
KEY = b"story"
EFFECTIVE = START - DAY
MONTH, SOON = 30, 2
MANY = 20
MODEL = "d" * 64
READER = Reader(KEY)


@cache
def ruleset() -> Ruleset:
    """The shipped rules, in force from the day before the year."""
    return compiled(shipped_text(PolicySettings(effective_time=EFFECTIVE)))


@dataclass(slots=True)
class Lived:
    """What became of one account in a year."""

    kind: Kind
    facts: bool
    peak: Tier = Tier.CLEAR
    peak_interaction: InteractionTier = InteractionTier.NONE
    reached: set[Tier] = field(default_factory=set)
    left: set[Tier] = field(default_factory=set)
    banned_for_good: bool = False
    days: list[Tier] = field(default_factory=list)
    rulings: list[Ruling] = field(default_factory=list)
    judged: int = 0


class Account:
    """One account: what accounts keeps of it, its log, and who decides about it."""

    def __init__(
        self, actor: Actor, *, brigade: bool = True, people: bool = True
    ) -> None:
        self.actor = actor
        self.state = ProfileState.empty()
        self.history = History()
        self.log: list[Event] = []
        self.frozen: dict[str, Frozen] = {}
        self.ids: dict[bytes, str] = {}
        self.revision = 0
        self.new = 0
        self.judged_on = -MONTH
        self.brigade = brigade
        self.moderators = Moderators(actor) if people else None
        self.lived = Lived(actor.kind, actor.facts)

    def live(self, days: int = DAYS, *, daily: bool = False) -> Lived:
        """Live so many days; *daily*: judged every day, else as a worker would."""
        for number in range(days):
            self.one_day(number, daily=daily)
        self.lived.banned_for_good = self.lived.days[-1] is Tier.BANNED
        return self.lived

    def one_day(self, number: int, *, daily: bool) -> None:
        """Act, be judged, be told; people decide what waits for them."""
        now = day_end(number)
        self.record(self.actor.day(number, self.allowed(now - DAY)), now)
        if self.moderators is not None:
            self.moderators.decide(self, number, now)
        if self.new and (daily or self.due(number, now)):
            self.judge(number, now)
        self.note(number, now)

    def record(self, acts: Sequence[activities_pb2.Activity], now: datetime) -> None:
        """Fold what it did, and the scores of its texts."""
        if not acts:
            return
        arrivals = [READER.arrival(act, "activity", to_us(now)) for act in acts]
        scores = [
            Score(
                activity_id=arrival.activity.content_id,
                text_time=arrival.activity.event_time,
                log_likelihood_ratio=self.actor.ratios[arrival.text],
                ai_probability=0.5,
                verdict=Verdict.UNDECIDED,
                language=self.actor.language,
                chars_scored=len(arrival.text),
                model_digest=MODEL,
                score_time=now,
            )
            for arrival in arrivals
            if arrival.text
        ]
        for arrival in arrivals:
            self.ids[content_key(arrival.activity.id)] = arrival.activity.id
        self.state = fold(self.state, Facts([a.activity for a in arrivals], scores))
        self.revision += 1
        self.new += len(acts)

    def due(self, number: int, now: datetime) -> bool:
        """Whether it is looked at: monthly, or soon where anything is known.

        A worker looks far more often; what it would find of people is the same.
        """
        since = number - self.judged_on
        watched = self.history.tier(now) > Tier.CLEAR or bool(self.history.measures)
        return since >= MONTH or (since >= SOON and (watched or self.new >= MANY))

    def evidence(self, number: int, now: datetime) -> Evidence:
        """What accounts would tell policy."""
        facts = AccountFacts(
            account=self.actor.account,
            revision=self.revision,
            effective_time=EFFECTIVE,
            reports=self.reports(number),
        )
        profile = derive(self.state, facts, now, References())
        message = profile_message(profile, self.ids, [MODEL], unkeyed)
        return evidence_of(message, now)

    def reports(self, number: int) -> ReportSummary:
        """The reports of a crowd, from the hundredth day on."""
        if self.actor.kind is not Kind.BRIGADED or not self.brigade or number < 100:
            return ReportSummary()
        count = 50 + self.actor.seed % 450
        return ReportSummary(count, count // 3, count * 0.4, 0)

    def judge(self, number: int, now: datetime) -> None:
        """Rule, as policy does, and hand the notice over."""
        evidence = self.evidence(number, now)
        rules = ruleset()
        ruling = rule(evidence, self.history, rules, now)
        effects = effects_of(ruling, evidence, self.history, rules, DEFAULT)
        self.new, self.judged_on = 0, number
        self.lived.judged += 1
        if effects is None:
            return
        self.append(effects.events)
        if self.moderators is not None:
            self.moderators.opened(number, ruling)
        if ruling.acts:
            self.lived.rulings.append(ruling)
            self.frozen[ruling.decision] = Frozen(evidence, rules, DEFAULT)
            self.append([NoticeHandedOver(time=now, decision=ruling.decision)])
            self.actor.told()

    def append(self, events: Iterable[Event]) -> None:
        """Extend the log."""
        for event in events:
            self.history = fold_event(self.history, event)
            self.log.append(event)

    def allowed(self, now: datetime) -> Allowed:
        """What its standing lets it do."""
        stands = standing_of(self.history, now, ruleset().ladder)
        return Allowed(stands.can_publish, stands.can_interact, stands.posts_per_day)

    def note(self, number: int, now: datetime) -> None:
        """Note where it stands at the end of the day."""
        lived, tier = self.lived, self.history.tier(now)
        before = lived.days[-1] if lived.days else Tier.CLEAR
        if tier is not before:
            lived.reached.add(tier)
            lived.left.add(before)
        lived.days.append(tier)
        lived.peak = max(lived.peak, tier)
        lived.peak_interaction = max(
            lived.peak_interaction, self.history.interaction(now)
        )


def unkeyed(_kind: str, hashes: Sequence[bytes]) -> list[str]:
    """Devices and networks as they are: nobody in this world has to hide them."""
    return [one.hex() for one in hashes]
