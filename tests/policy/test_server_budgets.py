"""A rule that decides more than it may in a day holds itself back."""

import re
from pathlib import Path

from tests.policy.accounts_fake import hosted
from tests.policy.serving import Site, running
from truepen.policy.v1 import decisions_pb2, rulesets_service_pb2

DEFAULT = Path("services/policy/rulesets/default.yaml")


def two_a_day(folder: Path) -> Path:
    """The shipped ruleset with a budget of two for each rule."""
    text = re.sub(r"budget: [0-9]+", "budget: 2", DEFAULT.read_text("utf-8"))
    path = folder / "rules.yaml"
    path.write_text(text, "utf-8")
    return path


async def tier_of(site: Site, account: str) -> int:
    site.accounts.tell(hosted(account))
    tier: int = (await site.evaluate(account)).standing.tier
    return tier


async def test_bans_beyond_the_budget_are_suspensions_until_a_person_closes_the_breaker(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, ruleset=two_a_day(tmp_path)) as site:
        tiers = [await tier_of(site, f"bot{n}") for n in range(3)]
        response = await site.evaluate("bot2")
        for rule in {found.rule for found in response.decision.rules}:
            await site.rulesets.SetBreaker(
                rulesets_service_pb2.SetBreakerRequest(
                    breaker=f"rule:{rule}", open=False, reason="looked at them"
                )
            )
        after = await tier_of(site, "bot3")

    assert tiers == [
        decisions_pb2.TIER_BANNED,
        decisions_pb2.TIER_BANNED,
        decisions_pb2.TIER_PUBLISHING_SUSPENDED,
    ]
    assert "breaker" in response.decision.held_back
    assert after == decisions_pb2.TIER_BANNED
