"""What the platform says about accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.accounts.convert import accounts as convert
from services.accounts.convert.fields import account_of
from services.accounts.server.edge import Edge
from services.runtime.paging import page_size, query_of
from truepen.accounts.v1 import accounts_service_pb2 as pb

if TYPE_CHECKING:
    import grpc

    Context = grpc.aio.ServicerContext[Any, Any]

MAX_PAGE = 1_000


class RegisterCalls(Edge):
    """Shows accounts, and takes in what is said about them."""

    async def GetAccount(
        self, request: pb.GetAccountRequest, context: Context
    ) -> pb.GetAccountResponse:
        """Return what is known of an account."""
        account = account_of("name", request.name)
        return pb.GetAccountResponse(account=await self._account(account))

    async def UpdateAccount(
        self, request: pb.UpdateAccountRequest, context: Context
    ) -> pb.UpdateAccountResponse:
        """Set what the mask names, or all that is set."""
        account, fields = convert.changes(request.account, request.update_mask)
        await self._use_cases.register.update(account, fields)
        return pb.UpdateAccountResponse(account=await self._account(account))

    async def ListAccounts(
        self, request: pb.ListAccountsRequest, context: Context
    ) -> pb.ListAccountsResponse:
        """Return a page of accounts by name."""
        tokens, query = self._use_cases.tokens, query_of(request)
        size = page_size(request.page_size, 50, MAX_PAGE)
        after = ""
        if request.page_token:
            after = str(tokens.open(query, request.page_token)[0])
        found = await self._use_cases.register.page(after, size)
        epochs = await self._use_cases.profiles.ownership([t.account for t in found])
        token = tokens.seal(query, [found[-1].account]) if len(found) == size else ""
        return pb.ListAccountsResponse(
            accounts=[convert.message(t, epochs.get(t.account, 0)) for t in found],
            next_page_token=token,
        )

    async def _account(self, account: str) -> pb.Account:
        told = await self._use_cases.register.get(account)
        epochs = await self._use_cases.profiles.ownership([account])
        return convert.message(told, epochs.get(account, 0))
