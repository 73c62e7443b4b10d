"""The five accounts of `truepen demo`: who they are and what they do."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files

from google.protobuf.timestamp_pb2 import Timestamp

from truepen.accounts.v1 import activities_pb2 as pb

START = datetime(2026, 10, 12, 0, 0, tzinfo=UTC)
"""08:00 in Shanghai, a Monday."""
DAYS = 18

PHONE = pb.Client(
    kind=pb.CLIENT_KIND_APP,
    app_id="app.android",
    version="9.3",
    attestation=pb.ATTESTATION_PASSED,
    input=pb.INPUT_MODE_TYPED,
)
PASTED = pb.Client(
    kind=pb.CLIENT_KIND_APP,
    app_id="app.ios",
    version="9.3",
    attestation=pb.ATTESTATION_PASSED,
    input=pb.INPUT_MODE_PASTED,
)
TOOL = pb.Client(
    kind=pb.CLIENT_KIND_HOSTING_TOOL,
    app_id="hosting.example",
    attestation=pb.ATTESTATION_ABSENT,
    input=pb.INPUT_MODE_GENERATED,
)
SCRIPT = pb.Client(
    kind=pb.CLIENT_KIND_API,
    app_id="api.example",
    attestation=pb.ATTESTATION_FAILED,
    input=pb.INPUT_MODE_GENERATED,
)


@dataclass(frozen=True, slots=True)
class Character:
    """An account of the story. `about` is what is true of it."""

    id: str
    about: str
    activities: tuple[pb.Activity, ...]

    @property
    def account(self) -> str:
        """Resource name of the account."""
        return f"accounts/{self.id}"

    def begins_before(self, now: datetime) -> bool:
        """Whether it has done something by *now*."""
        return self.activities[0].event_time.ToDatetime(UTC) <= now


@cache
def samples() -> dict[str, list[str]]:
    """Texts written for the demonstration, by kind."""
    source = files("services.cli") / "samples" / "demo.json"
    loaded: dict[str, list[str]] = json.loads(source.read_text("utf-8"))
    return loaded


def cast() -> tuple[Character, ...]:
    """The five accounts; the same activities each time."""
    return (person(), assisted(), occasional(), hosted(), interaction_bot())


def person() -> Character:
    """A student who types her own notes, at a person's hours."""
    own = Diary("lin_xia", seed=1)
    for text, day in zip(samples()["person"], own.days(12), strict=True):
        own.add(pb.ACTIVITY_TYPE_NOTE, own.waking(day), PHONE, text)
    for day in own.days(16):
        text = own.random.choice(samples()["person_comments"])
        own.add(pb.ACTIVITY_TYPE_COMMENT, own.waking(day), PHONE, text)
    return own.character("a student; types everything herself")


def assisted() -> Character:
    """A teacher who has an assistant smooth what he wrote."""
    own = Diary("teacher_wu", seed=2)
    for text, day in zip(samples()["assisted"], own.days(5), strict=True):
        at = own.waking(day)
        own.add(pb.ACTIVITY_TYPE_NOTE, at, PASTED, text)
        own.edit(at + timedelta(minutes=own.random.randint(4, 50)), text)
    for day in own.days(12):
        text = own.random.choice(samples()["assisted_comments"])
        own.add(pb.ACTIVITY_TYPE_COMMENT, own.waking(day), PHONE, text)
    return own.character("a teacher; an assistant polishes his notes, he edits them")


def occasional() -> Character:
    """A walker who lets a hosting tool post for her now and then."""
    own = Diary("weekend_walks", seed=3)
    for text, day in zip(samples()["occasional"], own.days(6), strict=True):
        own.add(pb.ACTIVITY_TYPE_NOTE, own.waking(day), PHONE, text)
    for text, day in zip(samples()["hosted"][:5], (3, 4, 9, 10, 11), strict=True):
        own.add(pb.ACTIVITY_TYPE_NOTE, own.waking(day), TOOL, text)
    return own.character("a walker; a hosting tool posts for her now and then")


def hosted() -> Character:
    """An account that a hosting tool registered, and runs alone."""
    own = Diary("glow_daily", seed=4)
    own.add(pb.ACTIVITY_TYPE_REGISTER, START + timedelta(minutes=3), TOOL)
    for number, text in enumerate(samples()["hosted"]):
        at = START + timedelta(hours=2 + 3 * number, seconds=own.random.randint(0, 9))
        own.add(pb.ACTIVITY_TYPE_NOTE, at, TOOL, text)
        for reply in range(2):
            thanks = f"感谢您的支持与喜爱!欢迎持续关注,更多精彩内容敬请期待{reply + 1}"
            later = at + timedelta(minutes=20 * (reply + 1))
            own.add(pb.ACTIVITY_TYPE_COMMENT, later, TOOL, thanks)
    return own.character("registered, posting and replying through a hosting tool")


def interaction_bot() -> Character:
    """A script that likes and comments within seconds, and writes nothing."""
    own = Diary("spark_fan", seed=5)
    at = START + timedelta(hours=1)
    for number in range(260):
        at += timedelta(seconds=240 + own.random.choice((0, 0, 0, 1)))
        seen = at - timedelta(seconds=2)
        if number % 4:
            own.add(pb.ACTIVITY_TYPE_LIKE, at, SCRIPT, target_time=seen)
            continue
        text = samples()["bot_comments"][number % 8 // 4].format(n=number)
        own.add(pb.ACTIVITY_TYPE_COMMENT, at, SCRIPT, text, target_time=seen)
    return own.character("a script; likes and comments two seconds after each new note")


class Diary:
    """Collects what one account does."""

    def __init__(self, account: str, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311  a story, no secret
        self._account = account
        self._activities: list[pb.Activity] = []

    def days(self, count: int) -> Iterator[int]:
        """*count* days of the story, in order, some perhaps twice."""
        return iter(sorted(self.random.choices(range(DAYS), k=count)))

    def waking(self, day: int) -> datetime:
        """A moment on *day* when people are awake, mostly in the evening."""
        hour = min(max(self.random.gauss(11.5, 3.0), 0.0), 15.9)  # from 08:00 on
        return START + timedelta(days=day, seconds=round(hour * 3600))

    def add(
        self,
        kind: "pb.ActivityType.ValueType",
        at: datetime,
        client: pb.Client,
        text: str = "",
        target_time: datetime | None = None,
    ) -> None:
        """The account does something."""
        number = len(self._activities)
        done = pb.Activity(
            id=f"{self._account}-{number}",
            account=f"accounts/{self._account}",
            type=kind,
            event_time=timestamp(at),
            text=text,
            composed_with=client,
            published_with=client,
        )
        if target_time is not None:
            done.target.content = f"note-{number}"
            done.target.create_time.CopyFrom(timestamp(target_time))
        self._activities.append(done)

    def edit(self, at: datetime, text: str) -> None:
        """The account corrects what it wrote last."""
        edited = self._activities[-1].id
        self.add(pb.ACTIVITY_TYPE_EDIT, at, PHONE, text.replace("。", "。 ", 1))
        self._activities[-1].target.content = edited

    def character(self, about: str) -> Character:
        """Close the diary."""
        ordered = sorted(self._activities, key=lambda a: a.event_time.ToNanoseconds())
        return Character(self._account, about, tuple(ordered))


def timestamp(at: datetime) -> Timestamp:
    """*at* as a Timestamp."""
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp
