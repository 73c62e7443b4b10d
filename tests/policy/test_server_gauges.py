"""What an operator watches of policy is what is there."""

from datetime import timedelta
from pathlib import Path

from prometheus_client import CollectorRegistry

from services.policy.metrics import PolicyGauges
from services.policy.storage.gauges import sample
from services.runtime.database import Database
from tests.policy.accounts_fake import hosted, occasional
from tests.policy.serving import Site, running
from truepen.policy.v1 import notices_service_pb2

HOUR = timedelta(hours=1)


def looked(site: Site, url: str) -> CollectorRegistry:
    """A registry with the gauges as they are now."""
    registry = CollectorRegistry()
    now = site.clock.now()
    database = Database(url)
    try:
        found = database.read_sync(lambda c: sample(c, now))
    finally:
        database.close()
    PolicyGauges(registry).show(found, now)
    return registry


async def test_what_waits_is_counted_and_ages(
    tmp_path: Path, database_url: str
) -> None:
    async with running(tmp_path, database_url) as site:
        empty = looked(site, database_url).get_sample_value
        site.accounts.tell(hosted("bot"))
        await site.evaluate("bot")
        site.clock.advance(3 * HOUR)
        waiting = looked(site, database_url).get_sample_value
        async for _ in site.notices.WatchNotices(
            notices_service_pb2.WatchNoticesRequest(once=True)
        ):
            pass
        told = looked(site, database_url).get_sample_value

    bans = {"kind": "BAN_CONFIRMATION"}
    assert empty("policy_cases", bans) == 0
    assert empty("policy_outbox_age_seconds") == 0
    assert waiting("policy_cases", bans) == 1
    assert waiting("policy_case_age_seconds", bans) == 3 * 3600
    assert waiting("policy_outbox_notices") == 1
    assert waiting("policy_outbox_age_seconds") == 3 * 3600
    assert told("policy_outbox_notices") == 0
    assert told("policy_cases", bans) == 1


async def test_decisions_are_counted_once_by_tier_and_rule(
    tmp_path: Path, sqlite_url: str
) -> None:
    async with running(tmp_path, sqlite_url) as site:
        for account in (hosted("bot"), occasional("o")):
            site.accounts.tell(account)
        for _ in range(2):
            await site.evaluate("bot")
        found = site.wiring.registry.get_sample_value
        by_rule = [
            metric
            for family in site.wiring.registry.collect()
            if family.name == "policy_rule_decisions"
            for metric in family.samples
            if metric.name.endswith("_total")
        ]

    tiers = {"tier": "BANNED", "interaction": "NONE"}
    assert found("policy_decisions_total", tiers) == 1
    assert by_rule
    assert {(one.labels["tier"], one.value) for one in by_rule} == {("BANNED", 1)}
