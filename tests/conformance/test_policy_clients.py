"""Accounts in this process and over a wire: policy decides the same bytes."""

from pathlib import Path
from typing import Any

from services.runtime.client import RemoteStub
from services.runtime.local import LocalStub
from tests.conftest import serving
from tests.policy.accounts_fake import FakeAccounts, a_profile, hosted, occasional
from tests.policy.serving import running
from truepen.accounts.v1 import accounts_service_pb2_grpc

NAMES = ("person", "some", "bot")


def told() -> FakeAccounts:
    """Accounts of three kinds."""
    accounts = FakeAccounts()
    accounts.tell(a_profile("person"))
    accounts.tell(occasional("some"))
    accounts.tell(hosted("bot"))
    return accounts


async def decisions(folder: Path, stub: Any) -> list[bytes]:
    """What is decided about each account, as bytes."""
    async with running(folder, accounts=told(), stub=stub) as site:
        answers = [await site.evaluate(name) for name in NAMES]
    return [answer.SerializeToString(deterministic=True) for answer in answers]


async def test_local_and_remote_accounts_give_equal_decisions(tmp_path: Path) -> None:
    accounts = told()
    local = await decisions(tmp_path / "local", LocalStub(accounts))
    add = accounts_service_pb2_grpc.add_AccountsServiceServicer_to_server
    async with serving(add, Full(accounts)) as channel:
        stub = accounts_service_pb2_grpc.AccountsServiceStub(channel)
        remote = await decisions(tmp_path / "remote", RemoteStub(stub))

    assert local == remote


class Full:
    """A servicer with every method, of which the fake answers some."""

    def __init__(self, accounts: FakeAccounts) -> None:
        self._accounts = accounts

    def __getattr__(self, name: str) -> Any:
        return getattr(self._accounts, name, None)
