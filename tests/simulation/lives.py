"""What accounts of the stories do, activity by activity; texts have drawn scores.

No text of a person can be invented here: what a program writes reads as a program's,
and the detector rightly says so. So people's and machines' texts alike are characters
at random whose scores are drawn (see `scores`); clients, times and edits are acted.
"""

import random
from datetime import datetime, timedelta

from services.cli.stories import START, timestamp
from tests.simulation.scores import Scores, Voice
from tests.simulation.town import ScoredDetector, unwritten
from truepen.accounts.v1 import activities_pb2 as pb

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
SCORES = Scores.load()


def client(
    kind: "pb.ClientKind.ValueType",
    mode: "pb.InputMode.ValueType",
    device: str = "",
    *,
    attested: bool = True,
) -> pb.Client:
    """A client as the platform asserts it."""
    passed, absent = pb.ATTESTATION_PASSED, pb.ATTESTATION_ABSENT
    return pb.Client(
        kind=kind,
        app_id="app.example",
        attestation=passed if attested else absent,
        input=mode,
        device_hash=device,
    )


TYPED = client(pb.CLIENT_KIND_APP, pb.INPUT_MODE_TYPED, "phone")
PASTED = client(pb.CLIENT_KIND_APP, pb.INPUT_MODE_PASTED, "phone")
SCHEDULED = client(pb.CLIENT_KIND_SCHEDULER, pb.INPUT_MODE_PASTED, "desk")
AGENT = client(
    pb.CLIENT_KIND_HOSTING_TOOL, pb.INPUT_MODE_GENERATED, "rack", attested=False
)


class Life:
    """Collects what one account does."""

    def __init__(self, account: str, seed: int, detector: ScoredDetector) -> None:
        self.account = account
        self.chance = random.Random(seed)
        self.activities: list[pb.Activity] = []
        self._detector = detector
        self._voices: dict[str, Voice] = {}

    def waking(self, day: int, shift: float = 0.0) -> datetime:
        """A moment on *day* when this person is awake, mostly in the evening."""
        hour = min(max(self.chance.gauss(11.5 + shift, 3.0), 0.0), 15.9)
        return START + day * DAY + hour * HOUR

    def does(
        self,
        kind: "pb.ActivityType.ValueType",
        at: datetime,
        composed: pb.Client | None = None,
        published: pb.Client | None = None,
        text: str = "",
    ) -> pb.Activity:
        """The account does something; *published* as *composed* unless given."""
        done = pb.Activity(
            id=f"{self.account}-{len(self.activities)}",
            account=f"accounts/{self.account}",
            type=kind,
            event_time=timestamp(at),
            text=text,
            composed_with=composed,
            published_with=published or composed,
        )
        self.activities.append(done)
        return done

    def text(self, label: str, length: int, before: str = "", after: str = "") -> str:
        """A text of the account's own author of that kind: human, mixed or ai."""
        if label not in self._voices:
            self._voices[label] = SCORES.voice(label, self.chance)
        voice = self._voices[label]
        text = before + unwritten(self.chance, length) + after
        self._detector.ratios[text] = voice(self.chance)
        return text

    def note(
        self,
        label: str,
        at: datetime,
        composed: pb.Client | None = None,
        published: pb.Client | None = None,
    ) -> pb.Activity:
        """It publishes a note, of a length as people's and machines' are."""
        middle, spread = (160, 20) if label == "ai" else (110, 55)
        length = max(round(self.chance.gauss(middle, spread)), 20)
        words = self.text(label, length)
        return self.does(pb.ACTIVITY_TYPE_NOTE, at, composed, published, words)

    def comment(
        self, label: str, at: datetime, composed: pb.Client | None = None
    ) -> pb.Activity:
        """It comments on somebody's note."""
        words = self.text(label, max(round(self.chance.expovariate(1 / 25)), 4))
        done = self.does(pb.ACTIVITY_TYPE_COMMENT, at, composed, text=words)
        done.target.content = f"note{self.chance.randrange(1_000)}"
        return done

    def edit(self, of: pb.Activity, at: datetime, label: str) -> None:
        """It corrects what it wrote."""
        words = self.text(label, len(of.text))
        done = self.does(pb.ACTIVITY_TYPE_EDIT, at, TYPED, text=words)
        done.target.content = of.id
