"""A sold account: hosted by its buyer, banned, and given back to its former owner."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.cli.answers import tier_name
from services.cli.stories import START
from tests.simulation.lives import AGENT, DAY, HOUR, TYPED, Life
from tests.simulation.town import ScoredDetector, request_id, town
from truepen.accounts.v1 import accounts_service_pb2
from truepen.accounts.v1 import activities_pb2 as pb
from truepen.policy.v1 import appeals_service_pb2 as appeals_pb

BEFORE = datetime(2026, 9, 1, tzinfo=UTC)
SOLD = START + 40 * DAY
BACK = SOLD + 6 * DAY


def owned(life: Life, days: range) -> None:
    """The owner types, at a person's hours."""
    for day in days:
        life.note("human", life.waking(day), TYPED)
        for _ in range(2):
            life.comment("human", life.waking(day), TYPED)


def handed_over(life: Life, at: datetime) -> None:
    """Password and device change together."""
    life.does(pb.ACTIVITY_TYPE_CREDENTIAL_CHANGE, at)
    life.does(pb.ACTIVITY_TYPE_DEVICE_BIND, at + HOUR / 2)


async def test_a_sold_account_is_banned_and_its_owner_gets_it_back(
    tmp_path: Path,
) -> None:
    detector = ScoredDetector()
    async with town(tmp_path, BEFORE, detector) as place:
        place.at(START)
        life = Life("old_hand", 7, detector)
        owned(life, range(40))
        handed_over(life, SOLD)
        for number in range(60):
            life.note("ai", SOLD + HOUR + number * 2 * HOUR, AGENT)
        await place.live(life.activities, SOLD, DAY)
        assert place.since == {}
        place.note("its owner has typed for forty days; now it is sold")

        sold = [a for a in life.activities if a.event_time.ToDatetime(UTC) >= SOLD]
        await place.live(sold, BACK)
        profile = await place.accounts.GetProfile(
            accounts_service_pb2.GetProfileRequest(name="accounts/old_hand/profile")
        )
        assert profile.profile.ownership_epoch == 1
        banned = place.since["old_hand", "BANNED"]
        place.note(f"ownership epoch 1; banned {(banned - SOLD) / DAY:.1f} d after it")
        assert banned - SOLD <= 3 * DAY

        decision = next(
            d
            for d in await place.decisions("old_hand")
            if tier_name(d.tier) == "BANNED"
        )
        filed = await place.appeals.CreateAppeal(
            appeals_pb.CreateAppealRequest(
                decision=decision.name,
                ground=appeals_pb.APPEAL_GROUND_COMPROMISED_ACCOUNT,
                statement="它被人盗走了,这些都不是我发的。",
                request_id=request_id("file", decision.name),
            )
        )
        place.note("the former owner appeals: somebody else had it")
        place.at(place.now + timedelta(hours=5))
        claimed = await place.appeals.ClaimAppeal(
            appeals_pb.ClaimAppealRequest(
                name=filed.appeal.name, version=filed.appeal.version
            )
        )
        answered = await place.appeals.ResolveAppeal(
            appeals_pb.ResolveAppealRequest(
                name=filed.appeal.name,
                version=claimed.appeal.version,
                outcome=appeals_pb.APPEAL_STATE_OVERTURNED,
                reason="Password and device changed on the day the tool began.",
                request_id=request_id("answer", decision.name),
            )
        )
        place.note(f"overturned; stands {tier_name(answered.standing.tier)}")

        back = Life("old_hand", 8, detector)
        back.activities = list(life.activities)  # so that ids go on
        handed_over(back, place.now)
        owned(back, range(47, 70))
        again = back.activities[len(life.activities) :]
        await place.live(again, START + 70 * DAY, DAY)
        profile = await place.accounts.GetProfile(
            accounts_service_pb2.GetProfileRequest(name="accounts/old_hand/profile")
        )
        place.note(f"epoch {profile.profile.ownership_epoch}: its owner writes again")
        place.tell("A sold account")

        assert tier_name(answered.standing.tier) == "CLEAR"
        assert profile.profile.ownership_epoch == 2
        assert place.seen["old_hand"] == "CLEAR"
        assert not await place.open_cases("BAN_CONFIRMATION")
        assert not await place.open_cases("BAN_REVIEW")
