"""Notices, statements and records: plain words, no thresholds, valid fields."""

import re
from itertools import product

import pytest

from services.policy.domain.dsa import Context, record
from services.policy.domain.events import DecisionMade
from services.policy.domain.notices import NoticeKind, notice_about, notice_of_change
from services.policy.domain.statements import measures, statement
from services.policy.domain.tiers import (
    AccountKind,
    Decider,
    Ground,
    InteractionTier,
    Tier,
)
from services.policy.domain.wording import ANSWERS, FINDINGS, STRATEGIES
from tests.policy.dsa_rules import problems
from tests.policy.worlds import DAY, NOW

FORBIDDEN = re.compile(
    r"0\.\d|\d ?%|probab|score|threshold|likelihood|概率|分数|阈值|得分"
)


def decision(
    tier: Tier = Tier.WARNING,
    interaction: InteractionTier = InteractionTier.NONE,
    ground: Ground = Ground.AI_CONTENT,
    decider: Decider = Decider.RULE,
) -> DecisionMade:
    limited = interaction > InteractionTier.NONE
    return DecisionMade(
        time=NOW,
        decision="d" * 32,
        decider=decider,
        tier=tier,
        interaction=interaction,
        ground=ground,
        reasons=tuple(FINDINGS),
        strategies=tuple(STRATEGIES) if limited else (),
        expire_time=None if tier in (Tier.CLEAR, Tier.BANNED) else NOW + 7 * DAY,
        interaction_expire_time=NOW + DAY if limited else None,
        provisional=tier is Tier.BANNED,
    )


EVERY = [
    decision(tier, interaction, ground, decider)
    for tier, interaction, ground, decider in product(
        Tier, InteractionTier, list(Ground)[1:], (Decider.RULE, Decider.PERSON)
    )
    if tier > Tier.CLEAR or interaction > InteractionTier.NONE
]


@pytest.mark.parametrize("made", EVERY[::3])
def test_every_notice_says_what_until_when_and_how_to_object(
    made: DecisionMade,
) -> None:
    notice = notice_about(made)

    assert notice.title_zh
    assert notice.title_en
    assert "申诉" in notice.body_zh
    assert "appeal" in notice.body_en
    assert notice.body_zh.count("\n") == notice.body_en.count("\n")
    if notice.expire_time:
        assert "到期" in notice.body_zh
        assert "ends by itself" in notice.body_en
    for text in (notice.body_zh, notice.body_en):
        assert not FORBIDDEN.search(text), text
        assert not any(
            code in text for code in (*FINDINGS, *STRATEGIES, *Tier.__members__)
        )


def test_a_ban_names_no_end_not_even_of_what_it_covers() -> None:
    ban = decision(Tier.BANNED, InteractionTier.INTERACTION_LIMITED)

    assert "ends by itself" not in notice_about(ban).body_en
    assert "到期" not in notice_about(ban).body_zh
    assert "ends by itself" not in measures(ban).en


def test_a_notice_has_one_key_for_one_decision() -> None:
    assert notice_about(decision()) == notice_about(decision())


@pytest.mark.parametrize("kind", list(NoticeKind)[1:])
def test_what_became_of_a_decision_is_told_with_its_reasons(kind: NoticeKind) -> None:
    notice = notice_of_change(kind, "d", NOW, "because")

    assert kind.value in ANSWERS
    assert notice.body_en.endswith("because")


@pytest.mark.parametrize("made", EVERY[::3])
def test_a_statement_has_measures_facts_ground_automation_and_redress(
    made: DecisionMade,
) -> None:
    words = statement(made)

    assert [line.split("：")[0] for line in words.zh.split("\n")] == [
        "决定",
        "事实",
        "依据",
        "自动化",
        "救济",
    ]
    assert words.en.count("\n") == 4
    assert not FORBIDDEN.search(words.zh + words.en)


@pytest.mark.parametrize("made", EVERY)
def test_every_record_passes_the_databases_field_rules(made: DecisionMade) -> None:
    context = Context(content_time=NOW - DAY, confirmed=True, reported=True)

    assert problems(record(made, context)) == []


def test_a_provisional_ban_is_a_suspension_until_confirmed() -> None:
    made, context = decision(Tier.BANNED), Context(content_time=NOW)
    confirmed = Context(
        content_time=NOW, confirmed=True, account_kind=AccountKind.ORGANISATION
    )

    first, final = record(made, context), record(made, confirmed)

    assert first["decision_account"] == "DECISION_ACCOUNT_SUSPENDED"
    assert first["automated_decision"] == "AUTOMATED_DECISION_FULLY"
    assert final["decision_account"] == "DECISION_ACCOUNT_TERMINATED"
    assert final["automated_decision"] == "AUTOMATED_DECISION_PARTIALLY"
    assert final["account_type"] == "ACCOUNT_TYPE_BUSINESS"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"puid": "a b"}, "puid"),
        ({"decision_facts": "x" * 5001}, "5000"),
        ({"end_date_visibility_restriction": "2020-01-01"}, "before application_date"),
        ({"decision_visibility": ["HIDDEN"]}, "may not be HIDDEN"),
        ({"category": ""}, "category is missing"),
        ({"decision_visibility": []}, "no restriction"),
    ],
)
def test_a_wrong_record_is_refused(change: dict[str, object], said: str) -> None:
    body = record(decision(), Context(content_time=NOW))

    assert said in "; ".join(problems(body | change))
