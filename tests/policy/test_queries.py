"""What is read together comes from one snapshot."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import grpc
import pytest
from sqlalchemy import Connection

from services.policy.queries import Queries
from services.policy.storage.store import Store
from services.runtime.clock import SystemClock
from services.runtime.database import Database
from services.runtime.errors import NotFound
from tests.policy.accounts_fake import START, hosted
from tests.policy.serving import running

T = TypeVar("T")


class ErasedMeanwhile(Store):
    """A store in which the account is erased after whatever is read first."""

    async def read(self, fn: Callable[[Connection], T]) -> T:
        result = await super().read(fn)
        await self.erase("bot", START)
        return result


async def test_a_decision_comes_with_its_history_or_not_at_all(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        site.accounts.tell(hosted("bot"))
        made = (await site.evaluate("bot")).decision.name.rpartition("/")[2]
    database = Database(f"sqlite:///{tmp_path}/policy.db")
    queries = Queries(ErasedMeanwhile(database, SystemClock()))

    told = await queries.decision("bot", made)
    with pytest.raises(NotFound):
        await queries.decision("bot", made)
    database.close()

    assert told.history.measure(made) is not None


async def test_a_page_of_decisions_comes_with_its_histories(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        site.accounts.tell(hosted("bot"))
        await site.evaluate("bot")
    database = Database(f"sqlite:///{tmp_path}/policy.db")
    queries = Queries(ErasedMeanwhile(database, SystemClock()))

    (told,) = await queries.all_decisions(None, 10)
    database.close()

    assert told.history.measure(told.stored.id) is not None


async def test_judging_an_account_that_is_erased_meanwhile_is_not_found(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as site:
        site.accounts.tell(hosted("bot"))
        await site.evaluate("bot")
        enforcer = site.policy.servicers.enforcement._enforcer
        store = enforcer._store
        enforcer._store = ErasedMeanwhile(store._database, SystemClock())

        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await site.evaluate("bot")

    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
