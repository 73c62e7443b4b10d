"""The calls of EnforcementService about single decisions: read, replay, correct."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from google.protobuf import json_format

from services.policy.convert.decisions import (
    GROUND_OF,
    INTERACTION_TIER_OF,
    TIER_OF,
    render_ruling,
    render_stored,
)
from services.policy.convert.times import check_time
from services.policy.domain.dsa import Context as DsaContext
from services.policy.domain.dsa import record
from services.policy.domain.statements import statement
from services.policy.overrides import Override, Overrider
from services.policy.queries import Queries
from services.policy.replays import Replayer
from services.policy.reverts import Revert, Reverts
from services.policy.server.decision_pages import DecisionPages
from services.policy.server.names import account_of
from services.policy.server.people import speaker
from services.policy.server.standing_reader import StandingReader
from services.runtime.clock import Clock
from services.runtime.errors import InvalidField
from services.runtime.fields import check_text, known
from services.runtime.ids import check_name
from services.runtime.paging import Tokens
from services.runtime.requests import request_of
from truepen.policy.v1 import decisions_pb2
from truepen.policy.v1 import enforcement_service_pb2 as pb

if TYPE_CHECKING:
    import grpc

    Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class People:
    """What people do to decisions."""

    overrider: Overrider
    replayer: Replayer
    reverts: Reverts


class DecisionCalls:
    """The part of EnforcementService that is about single decisions."""

    def __init__(
        self,
        queries: Queries,
        standings: StandingReader,
        people: People,
        clock: Clock,
        tokens: Tokens,
    ) -> None:
        self._queries = queries
        self._standings = standings
        self._people = people
        self._clock = clock
        self._pages = DecisionPages(queries, tokens, clock)

    async def ListDecisions(
        self, request: pb.ListDecisionsRequest, context: "Context"
    ) -> pb.ListDecisionsResponse:
        return await self._pages.answer(request)

    async def GetDecision(
        self, request: pb.GetDecisionRequest, context: "Context"
    ) -> pb.GetDecisionResponse:
        account, decision = check_name("name", request.name, "accounts", "decisions")
        if request.explain:
            caller = speaker(context, self._clock)
            await self._queries.note_reading(caller, "GetDecision", request.name)
        rendered = await self._decision(account, decision, explain=request.explain)
        return pb.GetDecisionResponse(decision=rendered)

    async def ReplayDecision(
        self, request: pb.ReplayDecisionRequest, context: "Context"
    ) -> pb.ReplayDecisionResponse:
        account, decision = check_name("name", request.name, "accounts", "decisions")
        replay = await self._people.replayer.replay(account, decision)
        rendered = render_ruling(replay.ruling, explain=True)
        rendered.name = request.name
        return pb.ReplayDecisionResponse(
            decision=rendered,
            identical=not replay.differences,
            differences=replay.differences,
        )

    async def OverrideDecision(
        self, request: pb.OverrideDecisionRequest, context: "Context"
    ) -> pb.OverrideDecisionResponse:
        caller = speaker(context, self._clock)
        word = override_of(request)
        if word.expire_time is not None and word.expire_time <= caller.now:
            raise InvalidField("expire_time", "must be in the future")
        decision = await self._people.overrider.override(
            word, caller, request_of(request)
        )
        standing = await self._standings.get(word.account)
        return pb.OverrideDecisionResponse(
            decision=await self._decision(word.account, decision),
            standing=standing.standing,
        )

    async def GetStatementOfReasons(
        self, request: pb.GetStatementOfReasonsRequest, context: "Context"
    ) -> pb.GetStatementOfReasonsResponse:
        account, decision = check_name("name", request.name, "accounts", "decisions")
        told = await self._queries.decision(account, decision)
        measure = told.history.measure(decision)
        assert measure is not None
        words = statement(
            measure.made, confirmed=measure.confirmed, reason=measure.reason
        )
        found = decisions_pb2.StatementOfReasons(text_zh=words.zh, text_en=words.en)
        context_of = DsaContext(
            content_time=measure.made.time, confirmed=measure.confirmed
        )
        json_format.ParseDict(record(measure.made, context_of), found.dsa_record)
        return pb.GetStatementOfReasonsResponse(statement=found)

    async def RevertDecisions(
        self, request: pb.RevertDecisionsRequest, context: "Context"
    ) -> AsyncIterator[pb.RevertDecisionsResponse]:
        caller = speaker(context, self._clock)
        kept = request_of(request)
        revert = revert_of(request)
        async for done in self._people.reverts.run(revert, caller, kept):
            yield pb.RevertDecisionsResponse(
                examined_count=done.examined,
                reverted_count=done.reverted,
                relieved_account_count=done.relieved,
                progress=done.progress,
            )

    async def _decision(
        self, account: str, decision: str, *, explain: bool = False
    ) -> decisions_pb2.Decision:
        told = await self._queries.decision(account, decision)
        measure = told.history.measure(decision)
        withheld = explain and await self._queries.is_under_review(account, decision)
        return render_stored(
            told.stored,
            measure,
            self._clock.now(),
            explain=explain,
            withheld=withheld,
        )


def override_of(request: pb.OverrideDecisionRequest) -> Override:
    """Return what a person decides; raise InvalidField."""
    account = account_of("account", request.account)
    reverses = ""
    if request.reverses:
        whose, reverses = check_name(
            "reverses", request.reverses, "accounts", "decisions"
        )
        if whose != account:
            raise InvalidField("reverses", "must be a decision on the same account")
    track = None
    if request.interaction_tier:
        track = known("interaction_tier", request.interaction_tier, INTERACTION_TIER_OF)
    return Override(
        account=account,
        tier=known("tier", request.tier, TIER_OF),
        interaction=track,
        expire_time=check_time(request, "expire_time"),
        ground=known("ground", request.ground, GROUND_OF),
        reason=check_text("reason", request.reason, 2_000),
        reverses=reverses,
    )


def revert_of(request: pb.RevertDecisionsRequest) -> Revert:
    """Return which decisions to reverse; raise InvalidField."""
    selector = request.WhichOneof("selector")
    if selector is None or not getattr(request, selector):
        raise InvalidField("selector", "exactly one of the three is required")
    start, end = check_time(request, "start_time"), check_time(request, "end_time")
    if start is None or end is None or start >= end:
        raise InvalidField("end_time", "must be set, and after start_time")
    return Revert(
        ruleset_digest=request.ruleset_digest,
        rule=request.rule,
        model_digest=request.model_digest,
        start=start,
        end=end,
        reason=check_text("reason", request.reason, 1_000),
        dry_run=request.dry_run,
    )
