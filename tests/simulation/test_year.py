"""A simulated year: who ends where, and that the services agree with the domain."""

import os
from pathlib import Path

import pytest

from services.cli.answers import interaction_name, tier_name
from services.cli.stories import START
from services.policy.domain.bounds import upper_bound
from services.policy.domain.tiers import Tier
from tests.simulation.actors import Actor, Allowed, Kind, day_end
from tests.simulation.census import HARMLESS, Census, taken, tell
from tests.simulation.scores import Scores
from tests.simulation.town import ScoredDetector, Town, town
from tests.simulation.year import EFFECTIVE, Account

PREDICTIONS = "SIMULATION_PREDICTIONS"
"""Names a predictions file to draw scores from, author by author."""
GUILTY = (Kind.HOSTED, Kind.FARM, Kind.STOLEN)
WARNED_PEOPLE = 0.005
"""What share of people may ever be warned; nothing harsher may reach any."""


def census(size: int) -> Census:
    """Let a population live, and print what became of it."""
    given = os.environ.get(PREDICTIONS)
    *_, found = taken(size, 1, Path(given) if given else None)
    tell(found)
    return found


def check(found: Census) -> None:
    """What must hold of any population."""
    innocent = sum(found.lived[kind] for kind in HARMLESS)
    assert found.moved_by_brigades == 0
    assert found.wrongful_bans == 0
    assert upper_bound(0, innocent) <= 3.1 / innocent
    people = (Kind.PERSON, Kind.BRIGADED)
    lived = sum(found.lived[kind] for kind in people)
    assert found.harsher_than(people, Tier.WARNING) == 0
    assert found.harsher_than(people, Tier.NOTICE) <= WARNED_PEOPLE * lived


@pytest.mark.slow
def test_in_a_year_nobody_is_banned_wrongly() -> None:
    found = census(100)

    check(found)
    assert found.banned(GUILTY) > 0


@pytest.mark.soak
def test_in_a_year_of_ten_thousand_every_tier_is_reached_and_left() -> None:
    found = census(10_000)

    check(found)
    assert set(found.reached) == set(found.left) == set(Tier)


async def through_services(place: Town, detector: ScoredDetector, actor: Actor) -> None:
    """Let one account live through the services, day by day, without moderators."""
    may = Allowed()
    for number in range(DAYS_BESIDE):
        acts = actor.day(number, may)
        detector.ratios.update(actor.ratios)
        place.at(day_end(number))
        if acts:
            await place.record(acts)
            stands = await place.evaluate(actor.account)
            if await place.hand_over():
                actor.told()
        elif number < actor.begins:
            continue
        else:
            stands = await place.standing(actor.account)
        may = Allowed(
            stands.can_publish,
            stands.can_comment,
            1 if stands.HasField("posts_left") else None,
        )


DAYS_BESIDE = 100
BESIDE = [
    (Kind.HOSTED, 11),
    (Kind.HOSTED, 12),
    (Kind.FARM, 13),
    (Kind.OCCASIONAL, 14),
    (Kind.OCCASIONAL, 15),
    (Kind.STOLEN, 16),
    (Kind.PERSON, 17),
]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "seed"), BESIDE)
async def test_services_decide_as_the_domain_alone(
    tmp_path: Path, kind: Kind, seed: int
) -> None:
    scores, detector = Scores.load(), ScoredDetector()
    alone = Account(Actor(kind, seed, scores), people=False).live(
        DAYS_BESIDE, daily=True
    )
    actor = Actor(kind, seed, scores)
    async with town(tmp_path, EFFECTIVE, detector) as place:
        place.at(START)
        await through_services(place, detector, actor)
        decided = await place.decisions(actor.account)

    assert [
        (r.decide_time, r.tier.name, r.interaction.name, sorted(r.reasons))
        for r in alone.rulings
    ] == [
        (
            d.decide_time.ToDatetime(START.tzinfo),
            tier_name(d.tier),
            interaction_name(d.interaction_tier),
            sorted(d.reasons),
        )
        for d in decided
    ]
