"""Pages of decisions, of one account or of all."""

from services.policy.convert.decisions import render_stored
from services.policy.queries import Queries
from services.policy.server.names import account_of
from services.policy.storage.decisions import key_of
from services.runtime.clock import Clock
from services.runtime.paging import Cursor, Tokens, page_size, query_of
from truepen.policy.v1 import decisions_pb2
from truepen.policy.v1 import enforcement_service_pb2 as pb

EVERYBODY = "accounts/-"


class DecisionPages:
    """Answers ListDecisions."""

    def __init__(self, queries: Queries, tokens: Tokens, clock: Clock) -> None:
        self._queries = queries
        self._tokens = tokens
        self._clock = clock

    async def answer(
        self, request: pb.ListDecisionsRequest
    ) -> pb.ListDecisionsResponse:
        """Return the page that *request* asks for."""
        size = page_size(request.page_size, 50, 1_000)
        if request.parent == EVERYBODY:
            return await self._of_all(request, size)
        account = account_of("parent", request.parent)
        before = [int(str(part)) for part in self._start(request)]
        found, history = await self._queries.decisions(
            account, before[0] if before else None, size + 1
        )
        now = self._clock.now()
        shown = [
            render_stored(stored, history.measure(stored.id), now)
            for stored in found[:size]
        ]
        following = (found[size - 1].sequence,) if len(found) > size else None
        return self._page(request, shown, following)

    async def _of_all(
        self, request: pb.ListDecisionsRequest, size: int
    ) -> pb.ListDecisionsResponse:
        start = self._start(request)
        before = (int(str(start[0])), str(start[1]), str(start[2])) if start else None
        found = await self._queries.all_decisions(before, size + 1)
        now = self._clock.now()
        shown = [
            render_stored(told.stored, told.history.measure(told.stored.id), now)
            for told in found[:size]
        ]
        following = key_of(found[size - 1].stored) if len(found) > size else None
        return self._page(request, shown, following)

    def _start(self, request: pb.ListDecisionsRequest) -> Cursor:
        if not request.page_token:
            return ()
        return self._tokens.open(query_of(request), request.page_token)

    def _page(
        self,
        request: pb.ListDecisionsRequest,
        shown: list[decisions_pb2.Decision],
        following: tuple[int | str, ...] | None,
    ) -> pb.ListDecisionsResponse:
        response = pb.ListDecisionsResponse(decisions=shown)
        if following is not None:
            response.next_page_token = self._tokens.seal(query_of(request), following)
        return response
