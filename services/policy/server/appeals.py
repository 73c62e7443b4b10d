"""AppealsService over gRPC: parse, ask, render."""

from typing import TYPE_CHECKING, Any

from services.policy.appealing import Answer, Appealing, Filing
from services.policy.convert.casework import (
    APPEAL_GROUND_OF,
    APPEAL_STATE_OF,
    render_appeal,
)
from services.policy.convert.decisions import tier_or_none
from services.policy.domain.events import AppealOutcome
from services.policy.queries import Queries
from services.policy.server.names import account_of
from services.policy.server.people import refused, speaker
from services.policy.server.standing_reader import StandingReader
from services.policy.storage.appeals import place_of
from services.runtime.clock import Clock
from services.runtime.fields import check_text, known
from services.runtime.ids import check_name
from services.runtime.paging import Tokens, page_size, query_of
from services.runtime.requests import request_of
from truepen.policy.v1 import appeals_service_pb2 as pb
from truepen.policy.v1 import appeals_service_pb2_grpc as pb_grpc

if TYPE_CHECKING:
    import grpc

    Context = grpc.aio.ServicerContext[Any, Any]

OUTCOME_OF = {
    pb.APPEAL_STATE_UPHELD: AppealOutcome.UPHELD,
    pb.APPEAL_STATE_OVERTURNED: AppealOutcome.OVERTURNED,
    pb.APPEAL_STATE_REMITTED: AppealOutcome.REMITTED,
}


class AppealsServicer(pb_grpc.AppealsServiceServicer):
    """Serves AppealsService."""

    def __init__(
        self,
        appealing: Appealing,
        queries: Queries,
        standings: StandingReader,
        clock: Clock,
        tokens: Tokens,
    ) -> None:
        self._appealing = appealing
        self._queries = queries
        self._standings = standings
        self._clock = clock
        self._tokens = tokens

    async def CreateAppeal(
        self, request: pb.CreateAppealRequest, context: "Context"
    ) -> pb.CreateAppealResponse:
        account, decision = check_name(
            "decision", request.decision, "accounts", "decisions"
        )
        filing = Filing(
            account=account,
            decision=decision,
            ground=known("ground", request.ground, APPEAL_GROUND_OF),
            statement=check_text("statement", request.statement, 4_000),
        )
        caller = speaker(context, self._clock)
        with refused(request.decision):
            appeal = await self._appealing.file(filing, caller, request_of(request))
        return pb.CreateAppealResponse(appeal=render_appeal(account, appeal))

    async def GetAppeal(
        self, request: pb.GetAppealRequest, context: "Context"
    ) -> pb.GetAppealResponse:
        account, name = check_name("name", request.name, "accounts", "appeals")
        appeal = await self._appealing.get(account, name)
        return pb.GetAppealResponse(appeal=render_appeal(account, appeal))

    async def ListAppeals(
        self, request: pb.ListAppealsRequest, context: "Context"
    ) -> pb.ListAppealsResponse:
        size = page_size(request.page_size, 50, 1_000)
        account = account_of("parent", request.parent) if request.parent else None
        state = (
            known("state", request.state, APPEAL_STATE_OF) if request.state else None
        )
        query, after = query_of(request), None
        if request.page_token:
            due, whose, name = self._tokens.open(query, request.page_token)
            after = int(str(due)), str(whose), str(name)
        found = await self._queries.appeals(account, state, after, size + 1)
        response = pb.ListAppealsResponse(
            appeals=[render_appeal(*filed) for filed in found[:size]]
        )
        if len(found) > size:
            following = self._tokens.seal(query, place_of(found[size - 1]))
            response.next_page_token = following
        return response

    async def ClaimAppeal(
        self, request: pb.ClaimAppealRequest, context: "Context"
    ) -> pb.ClaimAppealResponse:
        account, name = check_name("name", request.name, "accounts", "appeals")
        caller = speaker(context, self._clock)
        with refused(request.name):
            appeal = await self._appealing.claim(account, name, request.version, caller)
        return pb.ClaimAppealResponse(appeal=render_appeal(account, appeal))

    async def ResolveAppeal(
        self, request: pb.ResolveAppealRequest, context: "Context"
    ) -> pb.ResolveAppealResponse:
        account, name = check_name("name", request.name, "accounts", "appeals")
        answer = Answer(
            account=account,
            appeal=name,
            version=request.version,
            outcome=known("outcome", request.outcome, OUTCOME_OF),
            remitted_tier=tier_or_none("remitted_tier", request.remitted_tier),
            reason=check_text("reason", request.reason, 4_000),
        )
        caller = speaker(context, self._clock)
        with refused(request.name):
            appeal = await self._appealing.resolve(answer, caller, request_of(request))
        standing = await self._standings.get(account)
        return pb.ResolveAppealResponse(
            appeal=render_appeal(account, appeal), standing=standing.standing
        )
