"""What the transparency report counts."""

from dataclasses import replace

from services.policy.domain.cases import CaseOutcome, CaseState, open_case
from services.policy.domain.events import AppealFiled, AppealOutcome, BanConfirmed
from services.policy.domain.tiers import CaseKind
from services.policy.domain.transparency import Period, Transparency
from tests.policy.test_domain_history import WARNED, answered
from tests.policy.worlds import DAY, HOSTED, INTERACTING, NOW, World

MONTH = Period(NOW - DAY, NOW + 30 * DAY)


def test_each_decision_is_counted_once_by_tier_ground_and_automation() -> None:
    warned, banned, limited = World(), World(), World()
    warned.judged_and_told(WARNED)
    ban = banned.judge(HOSTED).decision
    banned.days(1)
    banned.log.append(
        BanConfirmed(time=banned.now, decision=ban, identity="ann", reason="r")
    )
    limited.judge(INTERACTING)
    report = Transparency(MONTH)

    for world in (warned, banned, limited, World()):
        report.add(world.log)
    said = report.record()

    assert (said["decisions"], said["accounts"]) == (3, 3)
    assert {row["tier"]: row["count"] for row in said["by_tier"]} == {
        "INTERACTION_LIMITED": 1,
        "WARNING": 1,
        "BANNED": 1,
    }
    assert {row["automation"]: row["count"] for row in said["by_automation"]} == {
        "RULE": 2,
        "CONFIRMED": 1,
    }
    assert {row["ground"] for row in said["by_ground"]} == {
        "AI_CONTENT",
        "HOSTED_ACCOUNT",
        "AUTOMATED_INTERACTION",
    }
    took = {row["what"]: row["median_hours"] for row in said["median_times"]}
    assert took == {"decision to notice": 0, "ban to confirmation": 24}
    assert said["by_strategy"] == [{"strategy": "INSTANT_REPLY", "count": 1}]


def test_appeals_count_when_they_are_answered() -> None:
    world = World()
    decision = world.judge(WARNED).decision
    world.log.append(AppealFiled(time=world.now, appeal="p", decision=decision))
    world.days(2)
    world.log.append(answered(world, AppealOutcome.OVERTURNED))
    now, later = Transparency(MONTH), Transparency(Period(NOW + DAY, NOW + 3 * DAY))

    now.add(world.log)
    later.add(world.log)

    assert now.record()["appeals_filed"] == 1
    assert now.record()["overturned_share"] == 1.0
    assert later.record()["decisions"] == 0
    assert later.record()["appeals_answered"] == 1
    (took,) = later.record()["median_times"]
    assert took == {"what": "appeal to answer", "median_hours": 48, "count": 1}


def test_audits_bound_the_wrongful_share() -> None:
    report = Transparency(MONTH)
    assert report.record()["wrongful_share_at_most"] == 1.0

    for number in range(60):
        case = open_case(f"c{number}", CaseKind.AUDIT, "a", "", NOW)
        outcome = CaseOutcome.CONFIRMED if number else CaseOutcome.CANNOT_TELL
        report.audit(replace(case, state=CaseState.RESOLVED, outcome=outcome))
    said = report.record()

    assert (said["audited"], said["audited_found_wrong"]) == (59, 0)
    assert 0.049 < said["wrongful_share_at_most"] < 0.05
