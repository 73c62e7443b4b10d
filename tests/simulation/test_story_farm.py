"""An agent-run farm: ten AI notes a day an account, and replies to comments.

Scores are drawn (see `scores`): two hundred accounts times a week are 14,000 notes,
which nobody can invent. All behind the scores is real.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.cli.stories import START, timestamp
from tests.simulation.scores import Scores
from tests.simulation.town import ScoredDetector, Town, town, unwritten
from truepen.accounts.v1 import activities_pb2 as pb

DAY = timedelta(days=1)
NOTES_A_DAY = 10
REPLIES_A_NOTE = 2
BEFORE = datetime(2026, 10, 1, tzinfo=UTC)
AGENT = pb.Client(
    kind=pb.CLIENT_KIND_HOSTING_TOOL,
    app_id="agents.example",
    attestation=pb.ATTESTATION_ABSENT,
    input=pb.INPUT_MODE_GENERATED,
)
SPOKEN = (
    "WARNING",
    "REACH_LIMITED",
    "PUBLISHING_LIMITED",
    "PUBLISHING_SUSPENDED",
    "BANNED",
)
CUT = SPOKEN[1:]


def farm(
    size: int, days: int, detector: ScoredDetector, client: pb.Client | None
) -> Iterator[pb.Activity]:
    """What the farm does: notes around the clock, replies within seconds."""
    scores = Scores.load()
    for number in range(size):
        chance = random.Random(number)
        voice = scores.voice("ai", chance)
        account = f"farm{number}"
        start = START + timedelta(minutes=chance.uniform(0, 140))
        for n in range(NOTES_A_DAY * days):
            jitter = timedelta(seconds=chance.uniform(0, 240))
            at = start + n * DAY / NOTES_A_DAY + jitter
            text = prompted(chance, round(chance.gauss(160, 18)))
            detector.ratios[text] = voice(chance)
            yield act(f"{account}-n{n}", account, at, text, client)
            for r in range(REPLIES_A_NOTE):
                asked = at + timedelta(minutes=chance.uniform(5, 120))
                text = f"谢谢你的喜欢呀,{unwritten(chance, round(chance.gauss(48, 6)))}"
                detector.ratios[text] = voice(chance)
                done = act(
                    f"{account}-n{n}r{r}",
                    account,
                    asked + timedelta(seconds=chance.uniform(2, 6)),
                    text,
                    client,
                )
                done.type = pb.ACTIVITY_TYPE_COMMENT
                done.target.content = f"{account}-n{n}-c{r}"
                done.target.account = f"accounts/reader{chance.randrange(10_000)}"
                done.target.create_time.CopyFrom(timestamp(asked))
                yield done


def prompted(chance: random.Random, length: int) -> str:
    """A note as one prompt shapes them all: an opening, a body, the same tags."""
    opening = chance.choice(("姐妹们,今天聊聊", "家人们,一定要看", "今天分享一个"))
    third = length // 3
    body = "\n\n".join(unwritten(chance, third) for _ in range(3))
    return f"{opening}{body}\n#好物分享# #生活记录#"


def act(
    name: str, account: str, at: datetime, text: str, client: pb.Client | None
) -> pb.Activity:
    """One note."""
    return pb.Activity(
        id=name,
        account=f"accounts/{account}",
        type=pb.ACTIVITY_TYPE_NOTE,
        event_time=timestamp(at),
        text=text,
        composed_with=client,
        published_with=client,
    )


def first(place: Town, account: str, names: tuple[str, ...]) -> datetime | None:
    """When *account* was first seen at one of *names*."""
    times = [at for (who, name), at in place.since.items() if who == account and name in names]
    return min(times, default=None)


async def with_client_facts(folder: Path, size: int) -> None:
    """Tell the story of a farm whose clients the platform knows."""
    detector = ScoredDetector()
    async with town(folder, BEFORE, detector) as place:
        place.at(START)
        await place.live(farm(size, 3, detector, AGENT), START + 3 * DAY)
        place.tell(f"A farm of {size} accounts, with client facts")

        for number in range(size):
            account = f"farm{number}"
            cut = first(place, account, CUT)
            banned = first(place, account, ("BANNED",))
            assert cut is not None
            notes = (cut - START) / DAY * NOTES_A_DAY
            assert notes <= 20 + 1, f"{account}: reach cut only after {notes:.0f} notes"
            assert banned is not None
            assert banned - START <= 3 * DAY


async def without_client_facts(folder: Path, size: int) -> None:
    """Tell the story of a farm of which only behaviour and texts are known.

    What ranking is told of an account's own posts is its reach: from WARNING on the
    posts found are not recommended. REACH_LIMITED waits a week after that.
    """
    detector = ScoredDetector()
    async with town(folder, BEFORE, detector) as place:
        place.at(START)
        acts = list(farm(size, 7, detector, None))
        await place.live(acts, START + 7 * DAY, timedelta(hours=12))
        warned = [n for n in range(size) if first(place, f"farm{n}", SPOKEN)]
        notes = [a.id for a in acts if a.type == pb.ACTIVITY_TYPE_NOTE]
        hidden = await place.not_recommended(
            [(i.partition("-")[0], i) for i in notes]
        )
        hit = {name.partition("-")[0] for name in hidden}
        place.note(
            f"{len(warned)} of {size} warned or worse; {len(hidden)} of {len(notes)} "
            f"notes of {len(hit)} accounts not recommended"
        )
        place.tell(f"A farm of {size} accounts, without client facts")

        assert len(hit) >= size / 2
        assert not [n for n in range(size) if first(place, f"farm{n}", ("BANNED",))]


async def test_a_farm_with_client_facts_is_cut_and_banned(tmp_path: Path) -> None:
    await with_client_facts(tmp_path, 3)


async def test_a_farm_without_client_facts_loses_recommendation(
    tmp_path: Path,
) -> None:
    await without_client_facts(tmp_path, 4)


@pytest.mark.slow
async def test_a_farm_of_two_hundred_is_cut_and_banned(tmp_path: Path) -> None:
    await with_client_facts(tmp_path, 200)


@pytest.mark.slow
async def test_a_farm_of_two_hundred_without_facts_loses_recommendation(
    tmp_path: Path,
) -> None:
    await without_client_facts(tmp_path, 200)
