"""People whom AI helps: a mother and her assistant, an influencer and her team.

Scores are drawn (see `lives`); each story is told of twenty such accounts at once, so
that it does not hang on one drawing.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

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
TWENTY = 20
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


def tiers(place: Town, name: str) -> Counter[str]:
    """How many of the twenty were ever seen at each tier."""
    found: Counter[str] = Counter()
    for number in range(TWENTY):
        hardest = [t for (who, t) in place.since if who == f"{name}{number}"]
        found[hardest[-1] if hardest else "CLEAR"] += 1
    return found


async def test_a_mother_who_polishes_every_note_stays_clear(tmp_path: Path) -> None:
    detector = ScoredDetector()
    async with town(tmp_path, BEFORE, detector) as place:
        place.at(START)
        acts = [a for n in range(TWENTY) for a in mother(n, detector)]
        await place.live(acts, START + DAYS * DAY, DAY)
        place.note(f"ever seen: {dict(tiers(place, 'mother'))}")
        place.tell(f"{TWENTY} mothers who polish every note, {len(acts)} activities")

        assert tiers(place, "mother") == {"CLEAR": TWENTY}
        assert await place.told("mother0") == []


async def test_an_influencers_team_gets_at_most_a_notice(tmp_path: Path) -> None:
    detector = ScoredDetector()
    async with town(tmp_path, BEFORE, detector) as place:
        place.at(START)
        acts = [a for n in range(TWENTY) for a in influencer(n, detector)]
        await place.live(acts, START + DAYS * DAY, DAY)
        place.note(f"ever seen: {dict(tiers(place, 'star'))}")
        place.tell(f"{TWENTY} influencers with a team and a scheduler")

        assert set(tiers(place, "star")) <= {"CLEAR", "NOTICE"}
