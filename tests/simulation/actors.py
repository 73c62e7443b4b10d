"""Who lives in the simulated year, and what each does from day to day.

Rates, reactions and shares are chosen, not measured; scores are drawn (see `scores`).
"""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from services.cli.stories import START, timestamp
from tests.simulation.lives import AGENT, DAY, HOUR, PASTED, TYPED, client
from tests.simulation.scores import Scores, Voice
from tests.simulation.town import unwritten
from truepen.accounts.v1 import activities_pb2 as pb

SCRIPT = client(pb.CLIENT_KIND_API, pb.INPUT_MODE_GENERATED, "rack", attested=False)


class Kind(StrEnum):
    """What is true of an account."""

    PERSON = "people"
    ASSISTED = "assisted people"
    BRIGADED = "brigaded innocents"
    OCCASIONAL = "occasional hosters"
    STOLEN = "stolen accounts"
    HOSTED = "hosted accounts"
    FARM = "interaction farms"


SHARES = {
    Kind.PERSON: 0.68,
    Kind.ASSISTED: 0.15,
    Kind.BRIGADED: 0.03,
    Kind.OCCASIONAL: 0.05,
    Kind.STOLEN: 0.01,
    Kind.HOSTED: 0.05,
    Kind.FARM: 0.03,
}
INNOCENT = (Kind.PERSON, Kind.ASSISTED, Kind.BRIGADED)
FACTS_KNOWN = 0.6
"""Share of accounts whose clients the platform asserts."""
CHINESE = 0.8
QUITS = 0.6
"""Chance that an occasional hoster stops after a notice."""


def population(size: int, seed: int) -> list[tuple[Kind, int]]:
    """Kind and seed of each account, every kind at least once in a hundred."""
    kinds: list[Kind] = []
    for kind, share in SHARES.items():
        kinds += [kind] * max(round(size * share), 1)
    return [(kind, seed * 1_000_000 + n) for n, kind in enumerate(kinds)]


@dataclass(slots=True)
class Allowed:
    """What its standing lets an account do."""

    publish: bool = True
    interact: bool = True
    posts_a_day: int | None = None


@dataclass
class Actor:
    """One account of the year."""

    kind: Kind
    seed: int
    scores: Scores
    chance: random.Random = field(init=False)
    ratios: dict[str, float] = field(default_factory=dict)
    """The drawn score of each text of the last day."""
    quit: bool = False
    stolen_on: int = -1
    back: bool = False

    def __post_init__(self) -> None:
        chance = self.chance = random.Random(self.seed)
        self.account = f"y{self.seed}"
        self.facts = chance.random() < FACTS_KNOWN
        self.language = "zh" if chance.random() < CHINESE else "en"
        self.posts = min(chance.lognormvariate(-1.3, 0.8), 3.0)
        self.talks = min(chance.lognormvariate(-0.9, 0.9), 5.0)
        self.begins = chance.randrange(60)
        self.by_tool = self.facts and chance.random() < 0.5
        self.voices: dict[str, Voice] = {}
        self.count = 0
        self.spell = 0
        if self.kind is Kind.STOLEN:
            self.stolen_on = 90 + chance.randrange(120)
            self.facts = True

    def day(self, number: int, may: Allowed) -> list[pb.Activity]:
        """What it does on day *number* of the year, as far as it may."""
        self.ratios.clear()
        shut = self.kind in (Kind.HOSTED, Kind.FARM) and not may.publish
        if number < self.begins or (shut and not may.interact):
            return []
        done: list[pb.Activity] = []
        if number == self.begins and self.facts:
            with_tool = self.kind is Kind.HOSTED and self.by_tool
            client_of = AGENT if with_tool else TYPED
            done.append(self.act(pb.ACTIVITY_TYPE_REGISTER, number, 0.1, client_of))
        match self.kind:
            case Kind.HOSTED:
                done += self.hosted(number)
            case Kind.FARM:
                done += self.liking(number)
            case Kind.OCCASIONAL:
                done += self.now_and_then(number)
            case Kind.STOLEN if self.stolen_on <= number and not self.back:
                done += self.taken(number)
            case Kind.ASSISTED:
                done += self.living(number, "mixed", PASTED)
            case _:
                done += self.living(number, "human", TYPED)
        return permitted(sorted(done, key=when), may)

    def living(
        self, number: int, label: str, with_client: pb.Client
    ) -> list[pb.Activity]:
        """A person's day."""
        composed = with_client if self.facts else None
        typed = TYPED if self.facts else None
        note, comment = pb.ACTIVITY_TYPE_NOTE, pb.ACTIVITY_TYPE_COMMENT
        return [
            *(
                self.writes(note, number, self.waking(), label, composed)
                for _ in range(self.times(self.posts))
            ),
            *(
                self.writes(comment, number, self.waking(), "human", typed)
                for _ in range(self.times(self.talks))
            ),
        ]

    def hosted(self, number: int) -> list[pb.Activity]:
        """Three notes around the clock, and a reply to each."""
        tool = AGENT if self.facts else None
        found = []
        for n in range(3):
            hour = 8 * n + self.chance.uniform(0, 0.2)
            found.append(self.writes(pb.ACTIVITY_TYPE_NOTE, number, hour, "ai", tool))
            asked = hour + self.chance.uniform(0.2, 2.0)
            answer = self.writes(
                pb.ACTIVITY_TYPE_COMMENT, number, asked + 0.001, "ai", tool
            )
            answer.target.content = f"c{self.count}"
            answer.target.create_time.CopyFrom(
                timestamp(START + number * DAY + asked * HOUR)
            )
            found.append(answer)
        return found

    def liking(self, number: int) -> list[pb.Activity]:
        """Forty likes on a timer, seconds after each note, and eight comments."""
        script = SCRIPT if self.facts else None
        begin = self.chance.uniform(0, 12)
        found = []
        for n in range(48):
            hour = begin + n / 15 + self.chance.choice((0.0, 0.0, 1 / 3600))
            kind = pb.ACTIVITY_TYPE_COMMENT if n % 6 == 0 else pb.ACTIVITY_TYPE_LIKE
            act = self.act(kind, number, hour, script)
            if n % 6 == 0:
                act.text = f"太实用了,已收藏!更多干货看我主页{n % 2}"
                self.ratios[act.text] = 0.5
            act.target.content = f"n{self.count}"
            seen = START + number * DAY + hour * HOUR - timedelta(seconds=2)
            act.target.create_time.CopyFrom(timestamp(seen))
            found.append(act)
        return found

    def now_and_then(self, number: int) -> list[pb.Activity]:
        """A person who lets a tool post for some days, now and then."""
        found = self.living(number, "human", TYPED)
        if self.spell == 0 and not self.quit and self.chance.random() < 1 / 45:
            self.spell = 3 + self.chance.randrange(4)
        if self.spell:
            self.spell -= 1
            tool = AGENT if self.facts else None
            note = pb.ACTIVITY_TYPE_NOTE
            found += [
                self.writes(note, number, 9 + 5 * n, "ai", tool) for n in range(2)
            ]
        return found

    def taken(self, number: int) -> list[pb.Activity]:
        """Whoever stole it changes the locks, then lets a tool run it."""
        found = []
        if number == self.stolen_on:
            found = self.locks(number)
        for n in range(8):
            hour = 2 + 2.5 * n + self.chance.uniform(0, 0.1)
            found.append(self.writes(pb.ACTIVITY_TYPE_NOTE, number, hour, "ai", AGENT))
        return found

    def locks(self, number: int) -> list[pb.Activity]:
        """Password and device change."""
        return [
            self.act(pb.ACTIVITY_TYPE_CREDENTIAL_CHANGE, number, 0.5),
            self.act(pb.ACTIVITY_TYPE_DEVICE_BIND, number, 0.8),
        ]

    def told(self) -> None:
        """A notice arrived."""
        if self.kind is Kind.OCCASIONAL and self.chance.random() < QUITS:
            self.quit, self.spell = True, 0

    def times(self, rate: float) -> int:
        """How often something of that rate a day happens today."""
        count, left = 0, self.chance.expovariate(1.0)
        while left < rate:
            count += 1
            left += self.chance.expovariate(1.0)
        return count

    def waking(self) -> float:
        """An hour of the day when this person is awake, mostly in the evening."""
        return min(max(self.chance.gauss(11.5, 3.0), 0.0), 15.9)

    def act(
        self,
        kind: "pb.ActivityType.ValueType",
        number: int,
        hour: float,
        with_client: pb.Client | None = None,
    ) -> pb.Activity:
        """Something it does."""
        self.count += 1
        return pb.Activity(
            id=f"{self.account}-{self.count}",
            account=f"accounts/{self.account}",
            type=kind,
            event_time=timestamp(START + number * DAY + hour * HOUR),
            composed_with=with_client,
            published_with=with_client,
        )

    def writes(
        self,
        kind: "pb.ActivityType.ValueType",
        number: int,
        hour: float,
        label: str,
        with_client: pb.Client | None,
    ) -> pb.Activity:
        """Something it writes, with the score that is drawn for it."""
        if label not in self.voices:
            self.voices[label] = self.scores.voice(label, self.chance, self.language)
        note = kind == pb.ACTIVITY_TYPE_NOTE
        middle, spread = (
            ((160, 20) if label == "ai" else (80, 35)) if note else (30, 18)
        )
        text = unwritten(self.chance, round(self.chance.gauss(middle, spread)))
        self.ratios[text] = self.voices[label](self.chance)
        done = self.act(kind, number, hour, with_client)
        done.text = text
        return done


def when(activity: pb.Activity) -> int:
    """Sorting key: its time."""
    return activity.event_time.ToNanoseconds()


def permitted(acts: list[pb.Activity], may: Allowed) -> list[pb.Activity]:
    """What the platform lets through."""
    notes, passed = 0, []
    for act in acts:
        if act.type == pb.ACTIVITY_TYPE_NOTE:
            notes += 1
            over = may.posts_a_day is not None and notes > may.posts_a_day
            if may.publish and not over:
                passed.append(act)
        elif act.type in (pb.ACTIVITY_TYPE_COMMENT, pb.ACTIVITY_TYPE_LIKE):
            if may.interact:
                passed.append(act)
        else:
            passed.append(act)
    return passed


def day_end(number: int) -> datetime:
    """When day *number* is over and everybody is looked at."""
    return START + (number + 1) * DAY
