"""RulesetsService over gRPC: parse, ask, render."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from services.policy.backtests import Backtester
from services.policy.convert.rulesets import (
    STAGE_OF,
    render_breaker,
    render_progress,
    render_ruleset,
    render_shadowed,
)
from services.policy.convert.times import check_time
from services.policy.domain.backtests import Window
from services.policy.domain.tiers import Tier
from services.policy.rulework import Rulework
from services.policy.server.people import speaker
from services.policy.storage.breakers import KILL_SWITCH, RULE, TIER
from services.policy.storage.rulesets import place_of
from services.runtime.clock import Clock
from services.runtime.errors import InvalidField
from services.runtime.fields import check_text, known
from services.runtime.ids import check_id, check_name
from services.runtime.paging import Tokens, page_size, query_of
from truepen.policy.v1 import rulesets_service_pb2 as pb
from truepen.policy.v1 import rulesets_service_pb2_grpc as pb_grpc

if TYPE_CHECKING:
    import grpc

    Context = grpc.aio.ServicerContext[Any, Any]

MAX_YAML = 262_144


class RulesetsServicer(pb_grpc.RulesetsServiceServicer):
    """Serves RulesetsService."""

    def __init__(
        self, rulework: Rulework, backtester: Backtester, clock: Clock, tokens: Tokens
    ) -> None:
        self._rulework = rulework
        self._backtester = backtester
        self._clock = clock
        self._tokens = tokens

    async def CreateRuleset(
        self, request: pb.CreateRulesetRequest, context: "Context"
    ) -> pb.CreateRulesetResponse:
        text = check_text("yaml", request.yaml, MAX_YAML)
        stored = await self._rulework.create(text, speaker(context, self._clock))
        return pb.CreateRulesetResponse(ruleset=self._render(stored))

    async def GetRuleset(
        self, request: pb.GetRulesetRequest, context: "Context"
    ) -> pb.GetRulesetResponse:
        (digest,) = check_name("name", request.name, "rulesets")
        stored = await self._rulework.get(digest)
        shadowed = await self._rulework.shadowed(stored.digest)
        return pb.GetRulesetResponse(
            ruleset=self._render(stored), shadow=render_shadowed(shadowed)
        )

    async def ListRulesets(
        self, request: pb.ListRulesetsRequest, context: "Context"
    ) -> pb.ListRulesetsResponse:
        size = page_size(request.page_size, 20, 100)
        query, before = query_of(request), None
        if request.page_token:
            made, digest = self._tokens.open(query, request.page_token)
            before = int(str(made)), str(digest)
        found = await self._rulework.page(before, size + 1)
        shown = [self._render(stored) for stored in found[:size]]
        for ruleset in shown:
            ruleset.yaml = ""
        response = pb.ListRulesetsResponse(rulesets=shown)
        if len(found) > size:
            following = self._tokens.seal(query, place_of(found[size - 1]))
            response.next_page_token = following
        return response

    async def PromoteRuleset(
        self, request: pb.PromoteRulesetRequest, context: "Context"
    ) -> pb.PromoteRulesetResponse:
        (digest,) = check_name("name", request.name, "rulesets")
        stage = known("stage", request.stage, STAGE_OF)
        stored = await self._rulework.promote(
            digest, stage, speaker(context, self._clock)
        )
        return pb.PromoteRulesetResponse(
            ruleset=self._render(stored), approval_pending=stored.stage != stage
        )

    async def RollbackRuleset(
        self, request: pb.RollbackRulesetRequest, context: "Context"
    ) -> pb.RollbackRulesetResponse:
        reason = check_text("reason", request.reason, 1_000)
        caller = speaker(context, self._clock)
        stored = await self._rulework.rollback(reason, caller)
        return pb.RollbackRulesetResponse(ruleset=self._render(stored))

    async def BacktestRuleset(
        self, request: pb.BacktestRulesetRequest, context: "Context"
    ) -> AsyncIterator[pb.BacktestRulesetResponse]:
        (digest,) = check_name("name", request.name, "rulesets")
        start = check_time(request, "start_time")
        end = check_time(request, "end_time")
        if start is None or end is None or start >= end:
            raise InvalidField("end_time", "must be set, and after start_time")
        gate = request.max_wrongful_ban_bound
        if not 0 <= gate <= 1:
            raise InvalidField("max_wrongful_ban_bound", "must be in [0, 1]")
        window = Window(start, end)
        async for progress in self._backtester.run(digest, window, gate or None):
            yield render_progress(progress)

    async def SetBreaker(
        self, request: pb.SetBreakerRequest, context: "Context"
    ) -> pb.SetBreakerResponse:
        breaker = await self._rulework.set_breaker(
            checked_breaker(request.breaker),
            is_open=request.open,
            reason=check_text("reason", request.reason, 1_000),
            caller=speaker(context, self._clock),
        )
        return pb.SetBreakerResponse(breaker=render_breaker(breaker))

    def _render(self, stored: Any) -> pb.Ruleset:
        return render_ruleset(stored, self._rulework.rule_count(stored))


def checked_breaker(name: str) -> str:
    """Return the name of a breaker; raise InvalidField."""
    tier = name.removeprefix(TIER)
    if name == KILL_SWITCH or (name.startswith(TIER) and tier in Tier.__members__):
        return name
    if name.startswith(RULE):
        check_id("breaker", name.removeprefix(RULE))
        return name
    raise InvalidField("breaker", "must be rule:{id}, tier:{TIER} or kill-switch")
