"""What people found true: about an account, or about a model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from services.accounts.convert.fields import ACCOUNT_PREFIX, account_of, us_of
from services.accounts.server.edge import Edge, reason_checked
from services.accounts.storage.judging import Quarantine, Truth
from services.runtime.calls import CALLER
from services.runtime.errors import InvalidField
from services.runtime.requests import request_of
from truepen.accounts.v1 import accounts_service_pb2 as pb

if TYPE_CHECKING:
    import grpc

    Context = grpc.aio.ServicerContext[Any, Any]

MAX_SOURCE = 64
DIGEST = re.compile(r"[0-9a-f]{64}")


class TruthCalls(Edge):
    """Takes truths in."""

    async def AnnotateAccount(
        self, request: pb.AnnotateAccountRequest, context: Context
    ) -> pb.AnnotateAccountResponse:
        """Record the truth about an account."""
        account = account_of("name", request.name)
        if not request.truth or request.truth not in pb.Truth.values():
            raise InvalidField("truth", "must be one of Truth")
        reason_checked("source", request.source, MAX_SOURCE)
        since = request.HasField("since_time")
        truth = Truth(
            account,
            request.truth,
            request.source,
            request.decision,
            us_of("since_time", request.since_time) if since else None,
        )
        found = await self._use_cases.truths.annotate(truth, request_of(request))
        return pb.AnnotateAccountResponse(
            name=f"{ACCOUNT_PREFIX}{account}/annotations/{found.annotation}",
            revision=found.revision,
        )

    async def QuarantineModel(
        self, request: pb.QuarantineModelRequest, context: Context
    ) -> pb.QuarantineModelResponse:
        """Bar a model, or lift that."""
        if not DIGEST.fullmatch(request.model_digest):
            raise InvalidField("model_digest", "must be 64 hexadecimal digits")
        reason_checked("reason", request.reason)
        wanted = Quarantine(request.model_digest, request.reason, request.lift)
        count = await self._use_cases.truths.quarantine(
            wanted, request_of(request), CALLER.get().name
        )
        return pb.QuarantineModelResponse(affected_count=count)
