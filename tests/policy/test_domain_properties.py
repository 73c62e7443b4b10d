"""What must hold of any account, in any order, however often it is said."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.policy.domain.events import Event, NoticeHandedOver
from services.policy.domain.evidence import Evidence
from services.policy.domain.fold import fold_all
from services.policy.domain.history import History
from services.policy.domain.judge import rule
from services.policy.domain.lapses import owed
from services.policy.domain.rulefile import load_ruleset
from services.policy.domain.standing import standing_of
from services.policy.domain.tiers import Tier
from services.policy.domain.yamlnodes import InvalidRuleset
from tests.policy.test_domain_history import KINDS, view, worlds
from tests.policy.test_domain_rulefile import HEAD, one_rule
from tests.policy.worlds import (
    DAY,
    HOSTED,
    NOW,
    World,
    default_ruleset,
    evidences,
    some_evidence,
)


@given(worlds(), st.integers(1, 400))
@settings(max_examples=25, deadline=None)
def test_expiry_never_resurrects(world: World, days: int) -> None:
    """What time wrote into the log changes nothing that time had not changed."""
    later = world.now + days * DAY
    with_lapses = fold_all([*world.log, *owed(world.history, later)])
    ladder = world.ruleset.ladder

    plain = standing_of(world.history, later, ladder)
    written = standing_of(with_lapses, later, ladder)

    assert written.tier <= plain.tier
    assert replace(written, update_time=None) == replace(plain, update_time=None)
    assert len(with_lapses.strikes(later)) == len(world.history.strikes(later))


@given(worlds(), st.data())
@settings(max_examples=25, deadline=None)
def test_a_strike_that_expired_never_counts_again(
    world: World, data: st.DataObject
) -> None:
    before = {m.made.decision for m in world.history.strikes(world.now)}
    world.days(data.draw(st.integers(90, 200)))
    left = {m.made.decision for m in world.history.strikes(world.now)}
    for _ in range(3):
        world.judged_and_told(data.draw(st.sampled_from(KINDS)))
        world.days(data.draw(st.integers(1, 30)))

    counting = {m.made.decision for m in world.history.strikes(world.now)}
    assert not counting & (before - left)


@given(worlds(), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_the_order_in_which_notices_are_confirmed_does_not_matter(
    world: World, order: Any
) -> None:
    """Deliveries come late and in any order; decisions stay where they were made."""
    decided = [e for e in world.log if not isinstance(e, NoticeHandedOver)]
    handed: list[Event] = [e for e in world.log if isinstance(e, NoticeHandedOver)]
    shuffled = list(handed)
    order.shuffle(shuffled)

    straight = fold_all([*decided, *handed])
    crooked = fold_all([*decided, *shuffled])

    assert replace(crooked, update_time=None) == replace(straight, update_time=None)


@given(worlds(), st.sampled_from(KINDS))
@settings(max_examples=25, deadline=None)
def test_the_same_evidence_is_decided_once(world: World, kind: dict[str, Any]) -> None:
    evidence = some_evidence(world.now, kind, profile_revision=99)
    first = rule(evidence, world.history, world.ruleset, world.now)
    world.log += first.events()
    before = view(world)

    again = rule(evidence, world.history, world.ruleset, world.now)
    world.log += [e for e in again.events() if again.acts]

    assert not (first.acts and again.acts)
    assert view(world) == before


@given(worlds())
@settings(max_examples=25, deadline=None)
def test_lapses_are_owed_once(world: World) -> None:
    world.days(200)
    found = owed(world.history, world.now)
    world.log += found

    assert owed(world.history, world.now) == ()
    assert len(set(map(repr, found))) == len(found)


HOSTILE: dict[str, dict[str, str | None]] = {
    "200 cubed": {
        "when": "speaking_channels.all(a, speaking_channels.all(b, "
        "speaking_channels.all(c, a + b + c != '')))",
        "needs": "[speaking_channels]",
    },
    "deep": {"when": "(" * 60 + "automation >= 0.9" + ")" * 60},
    "long": {"when": "automation >= 0.9 || " * 50_000 + "false"},
    "unknown name": {"when": "luck >= 0.9"},
    "unknown function": {"when": "pickle(automation) >= 0.9"},
    "wrong type": {"when": "automation >= 'a'"},
    "no truth": {"when": "automation"},
    "an error": {
        "when": "automation_channels[7] == 'TEMPO'",
        "needs": "[automation_channels]",
    },
    "not a number": {"when": "automation >= double('NaN') || automation > 1.0 / 0.0"},
    "a slow pattern": {
        "when": "speaking_channels.exists(c, (c + c + c).matches('(.*)*[a-z]$'))",
        "needs": "[speaking_channels]",
    },
}
REFUSED = {"200 cubed", "deep", "long", "unknown name", "unknown function"}
REFUSED |= {"wrong type", "no truth"}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_rule_is_refused_or_never_bans_within_its_budget(name: str) -> None:
    """It asks for a ban of an account that the table does not protect."""
    fields = HOSTILE[name] | {"when": json.dumps(HOSTILE[name]["when"])}
    text = one_rule(tier="BANNED", channels_required="[OPERATION]", **fields)
    begun, refused = time.process_time(), False
    hosted = some_evidence(NOW, HOSTED, automation=0.99999)
    try:
        ruling = rule(hosted, History(), load_ruleset(text), NOW)
    except InvalidRuleset:
        refused = True

    assert refused == (name in REFUSED)
    assert refused or ruling.tier < Tier.BANNED
    assert time.process_time() - begun < 1


def test_a_megabyte_and_a_million_names_are_refused() -> None:
    for text in (
        HEAD + "rules:\n" + "  - id: r\n" * 120_000,
        HEAD + "# " + "x" * 1_048_576,
    ):
        with pytest.raises(InvalidRuleset):
            load_ruleset(text)


@given(evidences())
@settings(max_examples=30, deadline=None)
def test_numbers_that_cannot_be_never_harm(evidence: Evidence) -> None:
    odd = replace(
        evidence,
        automation=float("nan"),
        reliance_lower=float("inf"),
        interaction_automation=7.0,
    )

    ruling = rule(odd, History(), default_ruleset(), NOW)

    assert odd.automation is odd.reliance_lower is odd.interaction_automation is None
    assert ruling.tier <= rule(evidence, History(), default_ruleset(), NOW).tier
