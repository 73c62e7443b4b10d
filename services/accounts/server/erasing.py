"""What the law lets an owner ask: all that is kept, and its end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from services.accounts.convert.export import json_line
from services.accounts.convert.fields import account_of, duration, timestamp
from services.accounts.server.edge import Edge, reason_checked
from services.runtime.calls import CALLER
from truepen.accounts.v1 import accounts_service_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import grpc

    Context = grpc.aio.ServicerContext[Any, Any]


class ErasingCalls(Edge):
    """Erases and exports accounts."""

    async def EraseAccount(
        self, request: pb.EraseAccountRequest, context: Context
    ) -> pb.EraseAccountResponse:
        """Erase an account."""
        account = account_of("name", request.name)
        reason_checked("reason", request.reason)
        count, erase_us = await self._use_cases.erasing.erase(
            account, request.reason, CALLER.get().name
        )
        return pb.EraseAccountResponse(
            activity_count=count, erase_time=timestamp(erase_us)
        )

    async def ExportAccount(
        self, request: pb.ExportAccountRequest, context: Context
    ) -> AsyncIterator[pb.ExportAccountResponse]:
        """Stream all that is kept about an account."""
        account = account_of("name", request.name)
        started = time.monotonic()
        exports = self._use_cases.erasing.export(account, CALLER.get().name)
        async for exported in exports:
            spent = time.monotonic() - started
            yield pb.ExportAccountResponse(
                json_lines="".join(map(json_line, exported.lines)).encode(),
                progress=exported.progress,
                remaining=duration(spent * (1 / exported.progress - 1)),
            )
