"""An agent-run farm: ten AI notes a day an account, and replies to comments.

Scores are drawn (see `scores`): two hundred accounts times a week are 14,000 notes,
which nobody can invent. All behind the scores is real.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.cli.stories import START, timestamp
from tests.simulation.lives import AGENT, DAY, Life
from tests.simulation.town import ScoredDetector, Town, town
from truepen.accounts.v1 import activities_pb2 as pb

NOTES_A_DAY = 10
REPLIES_A_NOTE = 2
BEFORE = datetime(2026, 10, 1, tzinfo=UTC)
LOOK = timedelta(hours=12)
"""How often the farm without client facts is looked at."""
STEP = timedelta(days=7)
"""The shipped rules' waiting time above WARNING, from the notice on."""
SPOKEN = (
    "WARNING",
    "REACH_LIMITED",
    "PUBLISHING_LIMITED",
    "PUBLISHING_SUSPENDED",
    "BANNED",
)
CUT = SPOKEN[1:]


def farm(
    size: int, days: int, detector: ScoredDetector, tool: pb.Client | None
) -> list[pb.Activity]:
    """What the farm does: notes around the clock, replies within seconds."""
    lives = [Life(f"farm{n}", n, detector) for n in range(size)]
    for life in lives:
        chance = life.chance
        start = START + timedelta(minutes=chance.uniform(0, 140))
        for n in range(NOTES_A_DAY * days):
            at = (
                start
                + n * DAY / NOTES_A_DAY
                + timedelta(seconds=chance.uniform(0, 240))
            )
            body = prompted(life, round(chance.gauss(160, 18)))
            life.does(pb.ACTIVITY_TYPE_NOTE, at, tool, text=body)
            for _ in range(REPLIES_A_NOTE):
                asked = at + timedelta(minutes=chance.uniform(5, 120))
                reply(life, asked, tool)
    return [done for life in lives for done in life.activities]


def reply(life: Life, asked: datetime, tool: pb.Client | None) -> None:
    """The agent answers a reader's comment within seconds."""
    at = asked + timedelta(seconds=life.chance.uniform(2, 6))
    words = life.text("ai", round(life.chance.gauss(48, 6)), "谢谢你的喜欢呀,")
    done = life.does(pb.ACTIVITY_TYPE_COMMENT, at, tool, text=words)
    done.target.content = f"comment{life.chance.randrange(10**9)}"
    done.target.account = f"accounts/reader{life.chance.randrange(10_000)}"
    done.target.create_time.CopyFrom(timestamp(asked))


def prompted(life: Life, length: int) -> str:
    """A note as one prompt shapes them all: an opening, a body, the same tags."""
    opening = life.chance.choice(("姐妹们,今天聊聊", "家人们,一定要看", "今天分享一个"))
    return life.text("ai", length, opening, "\n#好物分享# #生活记录#")


def first(place: Town, account: str, names: tuple[str, ...]) -> datetime | None:
    """When *account* was first seen at one of *names*."""
    seen = place.since.items()
    times = [at for (who, name), at in seen if who == account and name in names]
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


async def without_client_facts(
    folder: Path, size: int, days: int = 9, step: timedelta = STEP
) -> None:
    """Tell the story of a farm of which only behaviour and texts are known.

    From WARNING on the posts found are not recommended. The account's own reach goes
    *step* after the notice of that, and no sooner: nothing here is a hard fact.
    """
    detector = ScoredDetector()
    async with town(folder, BEFORE, detector, step_interval=step) as place:
        place.at(START)
        acts = farm(size, days, detector, None)
        await place.live(acts, START + days * DAY, LOOK)
        notes = [a.id for a in acts if a.type == pb.ACTIVITY_TYPE_NOTE]
        hidden = await place.not_recommended([(i.partition("-")[0], i) for i in notes])
        place.note(f"{len(hidden)} of {len(notes)} notes not recommended")
        place.tell(f"A farm of {size} accounts, without client facts, step of {step}")

        for number in range(size):
            account = f"farm{number}"
            warned, cut = first(place, account, SPOKEN), first(place, account, CUT)
            assert warned is not None
            assert warned - START <= 2 * DAY
            assert cut is not None, f"{account}: reach never cut"
            assert step <= cut - warned <= step + LOOK
            assert first(place, account, ("BANNED",)) is None


async def test_a_farm_with_client_facts_is_cut_and_banned(tmp_path: Path) -> None:
    await with_client_facts(tmp_path, 3)


async def test_a_farm_without_client_facts_loses_reach_a_week_after_its_notice(
    tmp_path: Path,
) -> None:
    await without_client_facts(tmp_path, 4)


async def test_a_farm_without_client_facts_loses_reach_within_a_week_by_shorter_steps(
    tmp_path: Path,
) -> None:
    """What it takes to cut it within 7 days: rules that wait 5 days, not 7."""
    await without_client_facts(tmp_path, 2, days=7, step=5 * DAY)


@pytest.mark.slow
async def test_a_farm_of_two_hundred_is_cut_and_banned(tmp_path: Path) -> None:
    await with_client_facts(tmp_path, 200)


@pytest.mark.soak
async def test_a_farm_of_two_hundred_without_facts_loses_reach(tmp_path: Path) -> None:
    await without_client_facts(tmp_path, 200)
