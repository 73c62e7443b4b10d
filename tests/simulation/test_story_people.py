"""People whom AI helps: a mother and her assistant, an influencer and her team.

Scores are drawn (see `lives`); each story is told of several such accounts at once, so
that it does not hang on one drawing.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.cli.stories import START
from tests.simulation.lives import (
    DAY,
    HOUR,
    PASTED,
    SCHEDULED,
    TYPED,
    Life,
)
from tests.simulation.town import ScoredDetector, Town, town
from truepen.accounts.v1 import activities_pb2 as pb

BEFORE = datetime(2026, 10, 1, tzinfo=UTC)
DAYS = 45


def mother(number: int, detector: ScoredDetector) -> list[pb.Activity]:
    """She writes each day, has an assistant polish it, and corrects it herself."""
    life = Life(f"mother{number}", 100 + number, detector)
    known = number % 2 == 0  # of every other one the platform knows the client
    for day in range(DAYS):
        if life.chance.random() < 0.2:
            continue
        at = life.waking(day)
        done = life.note("mixed", at, PASTED if known else None)
        if known and life.chance.random() < 0.5:
            life.edit(done, at + timedelta(minutes=life.chance.uniform(3, 40)), "mixed")
        for _ in range(life.chance.randrange(3)):
            life.comment("human", life.waking(day), TYPED if known else None)
    return life.activities


def influencer(number: int, detector: ScoredDetector) -> list[pb.Activity]:
    """Her team writes ahead and schedules; one caption in five is a model's."""
    life = Life(f"star{number}", 200 + number, detector)
    for day in range(DAYS):
        for slot in (12, 18, 21):
            at = START + day * DAY + (slot - 8) * HOUR
            label = "ai" if life.chance.random() < 0.2 else "human"
            life.note(label, at, PASTED, SCHEDULED)
        for _ in range(life.chance.randrange(6)):
            life.comment("human", life.waking(day), TYPED)
    return life.activities


def tiers(place: Town, name: str, count: int) -> Counter[str]:
    """How many of so many were ever seen at each tier."""
    found: Counter[str] = Counter()
    for number in range(count):
        hardest = [t for (who, t) in place.since if who == f"{name}{number}"]
        found[hardest[-1] if hardest else "CLEAR"] += 1
    return found


async def mothers(folder: Path, count: int) -> None:
    """Tell the story of so many mothers who polish every note."""
    detector = ScoredDetector()
    async with town(folder, BEFORE, detector) as place:
        place.at(START)
        acts = [a for n in range(count) for a in mother(n, detector)]
        await place.live(acts, START + DAYS * DAY, 3 * DAY)
        place.note(f"ever seen: {dict(tiers(place, 'mother', count))}")
        place.tell(f"{count} mothers who polish every note, {len(acts)} activities")

        assert tiers(place, "mother", count) == {"CLEAR": count}
        assert await place.told("mother0") == []


async def influencers(folder: Path, count: int) -> None:
    """Tell the story of so many influencers with a team."""
    detector = ScoredDetector()
    async with town(folder, BEFORE, detector) as place:
        place.at(START)
        acts = [a for n in range(count) for a in influencer(n, detector)]
        await place.live(acts, START + DAYS * DAY, 3 * DAY)
        place.note(f"ever seen: {dict(tiers(place, 'star', count))}")
        place.tell(f"{count} influencers with a team and a scheduler")

        assert set(tiers(place, "star", count)) <= {"CLEAR", "NOTICE"}


async def test_a_mother_who_polishes_every_note_stays_clear(tmp_path: Path) -> None:
    await mothers(tmp_path, 4)


async def test_an_influencers_team_gets_at_most_a_notice(tmp_path: Path) -> None:
    await influencers(tmp_path, 4)


@pytest.mark.slow
async def test_twenty_mothers_stay_clear(tmp_path: Path) -> None:
    await mothers(tmp_path, 20)


@pytest.mark.slow
async def test_twenty_influencers_get_at_most_a_notice(tmp_path: Path) -> None:
    await influencers(tmp_path, 20)
