"""Appeals, cases and the arithmetic of error: who may do what, and how often wrong."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from services.policy.domain import appeals, bounds, case_states, cases
from services.policy.domain.appeals import Appeal, AppealGround, AppealState, Plea
from services.policy.domain.cases import CaseOutcome, CaseState, Finding
from services.policy.domain.events import AppealOutcome, AppealResolved
from services.policy.domain.refusals import (
    AppealUsedUp,
    ClaimLost,
    NotIndependent,
    OtherVersion,
    WouldWorsen,
    WrongState,
)
from services.policy.domain.tiers import CaseKind, Tier
from tests.policy.worlds import DAY, HOSTED, NOW, SOME_AI, World

WARNED = SOME_AI | {"reliance_lower": 0.3}
PLEA = Plea(AppealGround.WRONG_FINDING, "I wrote it")
HOUR = timedelta(hours=1)


def appealed(world: World, plea: Plea = PLEA, *earlier: Appeal) -> Appeal:
    return appeals.file("p", world.history.measures[-1], earlier, plea, world.now)


def answer(
    appeal: Appeal, outcome: AppealOutcome, tier: Tier | None = None
) -> AppealResolved:
    return AppealResolved(
        time=NOW + HOUR / 4,
        appeal=appeal.id,
        decision=appeal.decision,
        outcome=outcome,
        identity="bob",
        reason="r",
        remitted_tier=tier,
    )


def warned() -> World:
    world = World()
    world.judge(WARNED)
    return world


def claimed() -> Appeal:
    return appeals.claim(appealed(warned()), "bob", ["ann"], 1, NOW)


def test_one_appeal_a_decision_and_one_more_on_new_evidence() -> None:
    world = warned()
    first = replace(appealed(world), state=AppealState.UPHELD)
    new = Plea(AppealGround.NEW_EVIDENCE, "my drafts")
    second = appealed(world, new, first)

    with pytest.raises(AppealUsedUp):
        appealed(world, PLEA, first)
    with pytest.raises(AppealUsedUp):
        appealed(world, new, first, replace(second, state=AppealState.UPHELD))


def test_half_a_year_later_no_appeal_is_taken() -> None:
    world = warned()
    world.days(181)

    with pytest.raises(WrongState):
        appealed(world)


def test_the_decider_may_not_review() -> None:
    with pytest.raises(NotIndependent):
        appeals.claim(appealed(warned()), "ann", ["ann"], 1, NOW)


def test_a_claim_is_held_for_half_an_hour() -> None:
    held = claimed()

    with pytest.raises(ClaimLost):
        appeals.claim(held, "eve", [], 2, NOW + HOUR / 4)
    assert appeals.claim(held, "eve", [], 2, NOW + HOUR).reviewer == "eve"


def test_of_two_reviewers_one_looks_again() -> None:
    with pytest.raises(OtherVersion):
        appeals.resolve(claimed(), answer(claimed(), AppealOutcome.UPHELD), 1)


def test_only_who_holds_the_claim_answers_and_only_once() -> None:
    held = claimed()
    done = appeals.resolve(held, answer(held, AppealOutcome.UPHELD), 2)
    assert done.state is AppealState.UPHELD

    with pytest.raises(WrongState):
        appeals.resolve(done, answer(held, AppealOutcome.UPHELD), 3)
    late = replace(answer(held, AppealOutcome.UPHELD), time=NOW + HOUR)
    with pytest.raises(ClaimLost):
        appeals.resolve(held, late, 2)


@pytest.mark.parametrize("tier", [None, Tier.WARNING, Tier.BANNED])
def test_a_remittance_is_milder(tier: Tier | None) -> None:
    held = claimed()

    with pytest.raises(WouldWorsen):
        appeals.resolve(held, answer(held, AppealOutcome.REMITTED, tier), 2)


def test_a_late_answer_stays_the_measure_once() -> None:
    world = warned()
    appeal = appealed(world)
    due = appeal.due_time

    assert appeals.stay(appeal, world.history, due - HOUR) is None
    assert appeals.stay(appeal, world.history, due) is not None
    assert appeals.stay(replace(appeal, stayed=True), world.history, due) is None


def test_a_late_answer_on_a_ban_pages_instead() -> None:
    world = World()
    world.judge(HOSTED)
    appeal = appealed(world)

    assert appeal.due_time == NOW + timedelta(hours=48)
    assert appeals.stay(appeal, world.history, appeal.due_time) is None
    assert appeals.pages(appeal, appeal.due_time)


def confirmation(people: int = 1) -> cases.Case:
    case = cases.open_case("c", CaseKind.BAN_CONFIRMATION, "a", "farm", NOW)
    return replace(case, people_needed=people)


def test_one_case_holds_a_whole_cluster_with_exceptions() -> None:
    case = confirmation()
    for account in ("b", "c", "b"):
        case = cases.joined(case, account=account, decision=f"d{account}")
    assert case.accounts == ("a", "b", "c")

    case = case_states.claim(case, "ann", [], case.version, NOW)
    finding = Finding(CaseOutcome.CONFIRMED, "r", {"b": CaseOutcome.REJECTED})
    case = case_states.resolve(case, "ann", finding, case.version, NOW)

    assert case.state is CaseState.RESOLVED
    assert case.outcome_for("a") is CaseOutcome.CONFIRMED
    assert case.outcome_for("b") is CaseOutcome.REJECTED


def test_joining_the_same_again_changes_nothing() -> None:
    case = confirmation()

    assert cases.joined(case, account="a") is case


def test_an_exception_must_be_in_the_case() -> None:
    case = case_states.claim(confirmation(), "ann", [], 1, NOW)

    with pytest.raises(WrongState):
        case_states.resolve(
            case,
            "ann",
            Finding(CaseOutcome.CONFIRMED, "r", {"z": CaseOutcome.REJECTED}),
            2,
            NOW,
        )


def test_a_large_following_takes_two_people() -> None:
    ban = CaseKind.BAN_CONFIRMATION
    assert cases.people_for(ban, 20_000, 10.0) == 2
    assert cases.people_for(ban, 10, 400.0) == 2
    assert cases.people_for(ban, 10, 10.0) == 1
    assert cases.people_for(CaseKind.REPORT, 20_000, 400.0) == 1

    case = case_states.claim(confirmation(2), "ann", [], 1, NOW)
    case = case_states.resolve(case, "ann", Finding(CaseOutcome.CONFIRMED, "r"), 2, NOW)
    assert case.state is CaseState.OPEN
    with pytest.raises(NotIndependent):
        case_states.claim(case, "ann", [], 3, NOW)
    case = case_states.claim(case, "bob", [], 3, NOW)
    case = case_states.resolve(case, "bob", Finding(CaseOutcome.CONFIRMED, "r"), 4, NOW)
    assert case.confirmed_by == ("ann", "bob")


def test_an_undecided_case_escalates_once() -> None:
    case = confirmation()

    assert case_states.escalate(case, NOW + 2 * DAY) is None
    escalated = case_states.escalate(case, NOW + 3 * DAY)
    assert escalated is not None
    assert escalated.state is CaseState.ESCALATED
    taken = case_states.claim(escalated, "ann", [], escalated.version, NOW + 3 * DAY)
    assert case_states.escalate(taken, NOW + 4 * DAY) is None


@given(st.integers(0, 30), st.integers(1, 3000))
@settings(max_examples=50, deadline=None)
def test_bounds_are_exact(wrong: int, judged: int) -> None:
    wrong = min(wrong, judged)
    upper, lower = bounds.upper_bound(wrong, judged), bounds.lower_bound(wrong, judged)

    assert 0 <= lower <= wrong / judged <= upper <= 1
    if wrong < judged:
        assert binom.cdf(wrong, judged, upper) == pytest.approx(0.05, rel=1e-6)


@pytest.mark.parametrize(
    ("wrong", "judged", "percent"),
    [
        (0, 300, 0.99),
        (0, 3_000, 0.10),
        (1, 1_000, 0.47),
        (3, 300, 2.56),
        (10, 1_000, 1.69),
    ],
)
def test_bounds_match_the_published_table(
    wrong: int, judged: int, percent: float
) -> None:
    assert 100 * bounds.upper_bound(wrong, judged) == pytest.approx(percent, abs=0.006)


def test_counts_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be"):
        bounds.upper_bound(2, 1)
    assert bounds.upper_bound(0, 0) == 1.0


@pytest.mark.parametrize(
    ("wrong", "judged", "tier"),
    [
        (0, 0, Tier.WARNING),
        (0, 59, Tier.WARNING),
        (0, 100, Tier.PUBLISHING_LIMITED),
        (0, 600, Tier.BANNED),
        (3, 600, Tier.PUBLISHING_SUSPENDED),
        (300, 600, Tier.WARNING),
    ],
)
def test_severity_is_earned_by_measured_precision(
    wrong: int, judged: int, tier: Tier
) -> None:
    assert bounds.earned_tier(wrong, judged) is tier
