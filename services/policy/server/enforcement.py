"""EnforcementService over gRPC: parse, ask, render. No rule lives here."""

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

from services.policy.clients import Accounts
from services.policy.convert.decisions import render_evaluation
from services.policy.convert.measures import measure_of, render_measure
from services.policy.convert.times import from_timestamp
from services.policy.decide import Enforcer, Evaluation
from services.policy.posting import Posting
from services.policy.queries import Queries
from services.policy.server.decisions import DecisionCalls, People
from services.policy.server.names import account_of, standing_account
from services.policy.server.standing_reader import StandingReader
from services.policy.server.streams import StreamCursors, Streams
from services.policy.storage.counters import STANDINGS
from services.policy.storage.standings import StoredStanding
from services.runtime.clock import Clock
from services.runtime.errors import InvalidField, ServiceError
from services.runtime.fields import check_batch, check_not_negative
from services.runtime.ids import check_id
from services.runtime.paging import page_size, query_of
from services.runtime.status import to_status
from truepen.accounts.v1 import activities_pb2
from truepen.policy.v1 import decisions_pb2
from truepen.policy.v1 import enforcement_service_pb2 as pb
from truepen.policy.v1 import enforcement_service_pb2_grpc as pb_grpc

if TYPE_CHECKING:
    import grpc

    Context = grpc.aio.ServicerContext[Any, Any]


MAX_EVALUATED = 100


class EnforcementServicer(DecisionCalls, pb_grpc.EnforcementServiceServicer):
    """Serves EnforcementService."""

    def __init__(
        self,
        accounts: Accounts,
        enforcer: Enforcer,
        queries: Queries,
        standings: StandingReader,
        *,
        posting: Posting,
        people: People,
        clock: Clock,
        streams: Streams,
    ) -> None:
        super().__init__(queries, standings, people, clock, streams.tokens)
        self._accounts = accounts
        self._enforcer = enforcer
        self._posting = posting
        self._streams = streams
        self._cursors = StreamCursors(streams.tokens, "WatchStandings")

    async def ReviewActivity(
        self, request: pb.ReviewActivityRequest, context: "Context"
    ) -> pb.ReviewActivityResponse:
        if not request.HasField("activity"):
            raise InvalidField("activity", "is required")
        activity = request.activity
        account = account_of("activity.account", activity.account)
        content = check_id("activity.id", activity.id)
        recorded = await self._accounts.record(activity)
        await self._note_post(account, activity)
        evaluation = await self._enforcer.evaluate(account, recorded.revision)
        standing = await self._standings.get(account)
        response = pb.ReviewActivityResponse(
            standing=standing.standing,
            score_state=recorded.score_state,
            score=recorded.score,
            duplicate=recorded.duplicate,
        )
        found = await self._queries.measures([(account, content)])
        if (account, content) in found:
            response.content_measure.CopyFrom(render_measure(found[account, content]))
        if evaluation.changed:
            response.decision.CopyFrom(self._render(evaluation))
        return response

    async def _note_post(self, account: str, activity: activities_pb2.Activity) -> None:
        if activity.type != activities_pb2.ACTIVITY_TYPE_NOTE:
            return
        now = self._clock.now()
        time = from_timestamp(activity.event_time)
        await self._posting.note(account, activity.id, time, now)
        self._standings.drop(account)

    async def EvaluateAccount(
        self, request: pb.EvaluateAccountRequest, context: "Context"
    ) -> pb.EvaluateAccountResponse:
        account = account_of("account", request.account)
        revision = check_not_negative("min_revision", request.min_revision)
        evaluation = await self._enforcer.evaluate(
            account, revision, dry_run=request.dry_run
        )
        standing = await self._standings.get(account)
        return pb.EvaluateAccountResponse(
            decision=self._render(evaluation),
            standing=standing.standing,
            changed=evaluation.changed,
        )

    async def BatchEvaluateAccounts(
        self, request: pb.BatchEvaluateAccountsRequest, context: "Context"
    ) -> pb.BatchEvaluateAccountsResponse:
        check_batch("accounts", request.accounts, MAX_EVALUATED)
        accounts = [
            account_of(f"accounts[{place}]", name)
            for place, name in enumerate(request.accounts)
        ]
        names = list(dict.fromkeys(accounts))
        found = await self._enforcer.evaluate_many(names, dry_run=request.dry_run)
        standings = dict(zip(names, await self._standings.get_many(names), strict=True))
        return pb.BatchEvaluateAccountsResponse(
            results=[
                self._result(found[account], standings[account]) for account in accounts
            ]
        )

    async def GetStanding(
        self, request: pb.GetStandingRequest, context: "Context"
    ) -> pb.GetStandingResponse:
        revision = check_not_negative("min_revision", request.min_revision)
        kept = self._standings.kept(request.name, revision)
        if kept is not None:
            return kept
        account = standing_account("name", request.name)
        return await self._standings.get(account, revision)

    async def BatchGetStandings(
        self, request: pb.BatchGetStandingsRequest, context: "Context"
    ) -> pb.BatchGetStandingsResponse:
        check_batch("names", request.names)
        kept = [self._standings.kept(name, 0) for name in request.names]
        ready = [answer.standing for answer in kept if answer is not None]
        if len(ready) == len(kept):
            return pb.BatchGetStandingsResponse(standings=ready)
        accounts = [
            standing_account(f"names[{place}]", name)
            for place, name in enumerate(request.names)
        ]
        found = await self._standings.get_many(accounts)
        return pb.BatchGetStandingsResponse(standings=found)

    async def ListStandings(
        self, request: pb.ListStandingsRequest, context: "Context"
    ) -> pb.ListStandingsResponse:
        size = page_size(request.page_size, 100, 1_000)
        if request.tier not in decisions_pb2.Tier.values():
            raise InvalidField("tier", "is not a tier")
        query = query_of(request)
        tokens = self._streams.tokens
        if request.page_token:
            start, cursor = map(str, tokens.open(query, request.page_token))
        else:
            epoch, latest = await self._queries.end_of(STANDINGS)
            start, cursor = "", self._cursors.seal(epoch, latest)
        found = await self._queries.not_clear(request.tier or None, start, size + 1)
        response = pb.ListStandingsResponse(
            standings=[await self._standings.render(s) for s in found[:size]],
            watch_cursor=cursor,
        )
        if len(found) > size:
            last = found[size - 1].account
            response.next_page_token = tokens.seal(query, (last, cursor))
        return response

    async def WatchStandings(
        self, request: pb.WatchStandingsRequest, context: "Context"
    ) -> AsyncIterator[pb.WatchStandingsResponse]:
        epoch, latest = await self._queries.end_of(STANDINGS)
        last = self._cursors.open(request.cursor, epoch, latest)

        async def look() -> Sequence[StoredStanding]:
            return await self._queries.changed_standings(last)

        async for found in self._streams.following.follow(look, once=request.once):
            last = found[-1].change_sequence if found else last
            yield pb.WatchStandingsResponse(
                standings=[await self._standings.render(s) for s in found],
                cursor=self._cursors.seal(epoch, last),
            )

    async def BatchGetContentMeasures(
        self, request: pb.BatchGetContentMeasuresRequest, context: "Context"
    ) -> pb.BatchGetContentMeasuresResponse:
        check_batch("keys", request.keys)
        keys = [
            (
                account_of(f"keys[{place}].account", key.account),
                check_id(f"keys[{place}].content", key.content),
            )
            for place, key in enumerate(request.keys)
        ]
        found = await self._queries.measures(keys)
        stands = await self._standings.get_many([account for account, _ in keys])
        return pb.BatchGetContentMeasuresResponse(
            measures=[
                measure_of(key, found.get(key), standing)
                for key, standing in zip(keys, stands, strict=True)
            ]
        )

    def _result(
        self, found: Evaluation | ServiceError, standing: decisions_pb2.Standing
    ) -> pb.EvaluationResult:
        if isinstance(found, ServiceError):
            return pb.EvaluationResult(error=to_status(found))
        return pb.EvaluationResult(
            evaluation=pb.Evaluation(
                decision=self._render(found), standing=standing, changed=found.changed
            )
        )

    def _render(self, evaluation: Evaluation) -> decisions_pb2.Decision:
        return render_evaluation(evaluation, self._clock.now())
