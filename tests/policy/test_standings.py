"""What is kept of standings in memory never outlives what was written since."""

from collections.abc import Sequence

from services.policy.standings import Answer, StandingCache
from services.runtime.clock import SystemClock


async def one(account: str) -> Answer[str]:
    return Answer(f"{account} alone", 1, None)


def a_cache() -> StandingCache[str]:
    return StandingCache(one, SystemClock(), size=10, max_age=60.0)


async def test_what_a_batch_read_is_kept() -> None:
    cache = a_cache()
    asked: list[list[str]] = []

    async def many(accounts: Sequence[str]) -> dict[str, Answer[str]]:
        asked.append(list(accounts))
        return {account: Answer(f"{account} read", 1, None) for account in accounts}

    first = await cache.get_many(["a", "b"], many)
    second = await cache.get_many(["b", "c"], many)

    assert first == {"a": "a read", "b": "b read"}
    assert second == {"b": "b read", "c": "c read"}
    assert asked == [["a", "b"], ["c"]]


async def test_a_batch_that_a_write_overtook_keeps_nothing_of_it() -> None:
    cache = a_cache()

    async def many(accounts: Sequence[str]) -> dict[str, Answer[str]]:
        cache.drop("a")  # written after the rows were read, before they are kept
        return {account: Answer("old", 1, None) for account in accounts}

    await cache.get_many(["a", "b"], many)

    assert cache.fresh("a") is None
    assert cache.fresh("b") == "old"
