"""CasesService over gRPC: parse, ask, render."""

from typing import TYPE_CHECKING, Any

from services.policy.audits import Auditor, Sample
from services.policy.casework import Casework, Resolve
from services.policy.convert.casework import (
    CASE_KIND_OF,
    CASE_OUTCOME_OF,
    CASE_STATE_OF,
    render_case,
)
from services.policy.convert.decisions import tier_or_none
from services.policy.convert.times import check_time
from services.policy.domain.cases import Finding
from services.policy.queries import Queries
from services.policy.server.names import account_of
from services.policy.server.people import refused, speaker
from services.policy.server.standing_reader import StandingReader
from services.policy.storage.cases import place_of
from services.runtime.clock import Clock
from services.runtime.errors import InvalidField
from services.runtime.fields import check_text, known
from services.runtime.ids import check_name
from services.runtime.paging import Tokens, page_size, query_of
from services.runtime.requests import request_of
from truepen.policy.v1 import cases_service_pb2 as pb
from truepen.policy.v1 import cases_service_pb2_grpc as pb_grpc

if TYPE_CHECKING:
    import grpc

    Context = grpc.aio.ServicerContext[Any, Any]

MAX_SAMPLE = 10_000


class CasesServicer(pb_grpc.CasesServiceServicer):
    """Serves CasesService."""

    def __init__(
        self,
        casework: Casework,
        auditor: Auditor,
        queries: Queries,
        standings: StandingReader,
        *,
        clock: Clock,
        tokens: Tokens,
    ) -> None:
        self._casework = casework
        self._auditor = auditor
        self._queries = queries
        self._standings = standings
        self._clock = clock
        self._tokens = tokens

    async def ListCases(
        self, request: pb.ListCasesRequest, context: "Context"
    ) -> pb.ListCasesResponse:
        size = page_size(request.page_size, 50, 1_000)
        kind = known("kind", request.kind, CASE_KIND_OF) if request.kind else None
        state = known("state", request.state, CASE_STATE_OF) if request.state else None
        query, after = query_of(request), None
        if request.page_token:
            due, case_id = self._tokens.open(query, request.page_token)
            after = int(str(due)), str(case_id)
        found = await self._queries.cases(kind, state, after, size + 1)
        response = pb.ListCasesResponse(cases=[render_case(c) for c in found[:size]])
        if len(found) > size:
            following = self._tokens.seal(query, place_of(found[size - 1]))
            response.next_page_token = following
        return response

    async def ClaimCase(
        self, request: pb.ClaimCaseRequest, context: "Context"
    ) -> pb.ClaimCaseResponse:
        (case_id,) = check_name("name", request.name, "cases")
        caller = speaker(context, self._clock)
        with refused(request.name):
            case = await self._casework.claim(case_id, request.version, caller)
        return pb.ClaimCaseResponse(case=render_case(case))

    async def ResolveCase(
        self, request: pb.ResolveCaseRequest, context: "Context"
    ) -> pb.ResolveCaseResponse:
        (case_id,) = check_name("name", request.name, "cases")
        exceptions = {
            account_of(f"exceptions[{place}].account", exception.account): known(
                f"exceptions[{place}].outcome", exception.outcome, CASE_OUTCOME_OF
            )
            for place, exception in enumerate(request.exceptions)
        }
        finding = Finding(
            outcome=known("outcome", request.outcome, CASE_OUTCOME_OF),
            reason=check_text("reason", request.reason, 4_000),
            exceptions=exceptions,
        )
        resolve = Resolve(case_id, request.version, finding)
        caller = speaker(context, self._clock)
        with refused(request.name):
            case = await self._casework.resolve(resolve, caller, request_of(request))
        standings = await self._standings.get_many(case.accounts)
        return pb.ResolveCaseResponse(case=render_case(case), standings=standings)

    async def SampleAudit(
        self, request: pb.SampleAuditRequest, context: "Context"
    ) -> pb.SampleAuditResponse:
        if not 1 <= request.sample_size <= MAX_SAMPLE:
            raise InvalidField("sample_size", f"must be in [1, {MAX_SAMPLE}]")
        sample = Sample(
            size=request.sample_size,
            seed=request.seed,
            tier=tier_or_none("tier", request.tier),
            start=check_time(request, "start_time"),
            end=check_time(request, "end_time"),
        )
        drawn = await self._auditor.draw(sample, request_of(request), self._clock.now())
        return pb.SampleAuditResponse(
            cases=[render_case(case) for case in drawn.cases],
            population_count=drawn.population_count,
        )
