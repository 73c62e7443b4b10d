"""A lease that was taken over fences off whoever held it before."""

from datetime import timedelta
from typing import Any

import pytest

from services.policy.leases import Held, Leader
from services.policy.storage.cursors import LeaseLost, stored
from services.policy.storage.store import Store
from services.runtime import migrate
from services.runtime.database import Database
from services.runtime.errors import CursorEpochChanged, CursorInvalid, ServiceError
from tests.clock import FakeClock
from tests.policy.accounts_fake import START

LASTS = timedelta(seconds=15)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START)


@pytest.fixture
def store(database_url: str, clock: FakeClock) -> Any:
    migrate.upgrade(database_url, "services.policy")
    database = Database(database_url, durable=False)
    yield Store(database, clock)
    database.close()


async def test_a_leader_that_slept_moves_nothing(
    store: Store, clock: FakeClock
) -> None:
    slept = await store.acquire("work", "one", LASTS)
    assert slept is not None
    assert await store.acquire("work", "two", LASTS) is None
    clock.advance(LASTS)
    taken = await store.acquire("work", "two", LASTS)
    assert taken is not None
    await store.renew(taken, LASTS, "further")

    with pytest.raises(LeaseLost):
        await store.renew(slept, LASTS, "back again")
    await store.release(slept)

    assert taken.token == slept.token + 1
    assert await store.read(lambda c: stored(c, "work")) == "further"
    assert await store.acquire("work", "three", LASTS) is None


async def test_a_lease_taken_anew_by_the_same_owner_fences_off_the_former(
    store: Store,
) -> None:
    first = await store.acquire("work", "one", LASTS)
    second = await store.acquire("work", "one", LASTS)
    assert first is not None
    assert second is not None

    with pytest.raises(LeaseLost):
        await store.renew(first, LASTS, "late")


@pytest.mark.parametrize("refusal", [CursorEpochChanged, CursorInvalid])
async def test_a_follower_whose_cursor_opens_no_more_starts_over(
    store: Store, refusal: type[ServiceError]
) -> None:
    lease = await store.acquire("work", "one", LASTS)
    assert lease is not None
    await store.renew(lease, LASTS, "of another log")
    begun: list[str] = []

    async def follow(held: Held) -> None:
        begun.append(held.cursor)
        if held.cursor:
            raise refusal
        raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        await Leader(store, "work", "one", LASTS).run(follow)

    assert begun == ["of another log", ""]
