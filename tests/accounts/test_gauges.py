"""What an operator watches of accounts is what waits."""

from datetime import timedelta
from pathlib import Path

from prometheus_client import CollectorRegistry

from services.accounts.metrics import AccountsMetrics
from services.runtime import migrate
from services.runtime.database import Database
from services.runtime.errors import DependencyUnavailable
from services.runtime.sampling import Sampler
from tests.accounts.serving import Running, accounts_running, an_activity
from truepen.accounts.v1 import accounts_service_pb2 as pb


async def looked(running: Running, url: str) -> CollectorRegistry:
    """A registry with the gauges as they are now."""
    registry = CollectorRegistry()
    database = Database(url)
    try:
        await AccountsMetrics(registry).look(database, running.clock)
    finally:
        database.close()
    return registry


async def test_texts_that_wait_are_counted_and_age(
    tmp_path: Path, database_url: str
) -> None:
    migrate.upgrade(database_url, "services.accounts")
    async with accounts_running(tmp_path, database_url) as running:
        empty = (await looked(running, database_url)).get_sample_value
        running.words.away = True
        texts = [an_activity(f"n{n}", text=f"robot {n}") for n in range(3)]
        await running.accounts.RecordActivities(
            pb.RecordActivitiesRequest(activities=texts)
        )
        running.clock.advance(timedelta(minutes=10))
        later = an_activity("n9", text="robot 9")
        await running.accounts.RecordActivities(
            pb.RecordActivitiesRequest(activities=[later])
        )
        waiting = (await looked(running, database_url)).get_sample_value

    assert empty("accounts_pending_texts") == 0
    assert empty("accounts_pending_text_age_seconds") == 0
    assert waiting("accounts_pending_texts") == 4
    assert waiting("accounts_pending_text_age_seconds") == 600
    assert waiting("accounts_dead_letters") == 0


async def test_a_database_that_is_away_leaves_the_last_look_standing() -> None:
    registry = CollectorRegistry()
    away = False

    async def look() -> None:
        if away:
            raise DependencyUnavailable("database")

    sampler = Sampler("things", look, registry)
    await sampler.sample()
    seen = registry.get_sample_value("things_sampled_timestamp_seconds")
    away = True
    await sampler.sample()

    assert seen
    assert registry.get_sample_value("things_sampled_timestamp_seconds") == seen
