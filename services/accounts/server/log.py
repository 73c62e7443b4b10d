"""Activities as they were recorded, and those whose texts were given up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.rpc.status_pb2 import Status

from services.accounts.arrivals import ScoreState
from services.accounts.convert.fields import ACCOUNT_PREFIX, account_of, timestamp
from services.accounts.convert.recorded import recorded_message
from services.accounts.server.edge import Edge
from services.runtime.calls import CALLER
from services.runtime.errors import InvalidField
from services.runtime.fields import check_batch
from services.runtime.ids import check_name
from services.runtime.paging import page_size, query_of
from truepen.accounts.v1 import accounts_service_pb2 as pb

if TYPE_CHECKING:
    import grpc

    from services.accounts.storage.texts import DeadLetter

    Context = grpc.aio.ServicerContext[Any, Any]

MAX_LETTERS = 1_000
MAX_PAGE = 1_000


class LogCalls(Edge):
    """Shows the log, and lets people resolve its dead letters."""

    async def ListActivities(
        self, request: pb.ListActivitiesRequest, context: Context
    ) -> pb.ListActivitiesResponse:
        """Return a page of activities, newest first."""
        account = account_of("parent", request.parent)
        tokens, query = self._use_cases.tokens, query_of(request)
        size = page_size(request.page_size, 50, MAX_PAGE)
        before = None
        if request.page_token:
            event_us, activity = tokens.open(query, request.page_token)
            before = (int(event_us or 0), str(activity))
        caller = CALLER.get().name
        found = await self._use_cases.log.page(account, before, size, caller)
        token = ""
        if len(found) == size:
            last = found[-1].logged
            token = tokens.seal(query, [last.event_us, last.id])
        return pb.ListActivitiesResponse(
            activities=[
                recorded_message(
                    account,
                    entry.logged.facts,
                    (
                        entry.logged.record_us,
                        entry.logged.text_length,
                        entry.logged.revision,
                        ScoreState(entry.logged.score_state),
                    ),
                    entry.scores,
                )
                for entry in found
            ],
            next_page_token=token,
        )

    async def ListDeadLetters(
        self, request: pb.ListDeadLettersRequest, context: Context
    ) -> pb.ListDeadLettersResponse:
        """Return a page of dead letters, oldest first."""
        tokens, query = self._use_cases.tokens, query_of(request)
        size = page_size(request.page_size, 50, MAX_PAGE)
        after = None
        if request.page_token:
            attempt_us, account, activity = tokens.open(query, request.page_token)
            after = (int(attempt_us or 0), str(account), str(activity))
        caller = CALLER.get().name
        found = await self._use_cases.log.dead_letters(after, size, caller)
        token = ""
        if len(found) == size:
            last = found[-1]
            token = tokens.seal(query, [last.attempt_us, last.account, last.activity])
        return pb.ListDeadLettersResponse(
            dead_letters=map(_letter, found), next_page_token=token
        )

    async def ResolveDeadLetters(
        self, request: pb.ResolveDeadLettersRequest, context: Context
    ) -> pb.ResolveDeadLettersResponse:
        """Try dead letters anew, or erase their texts."""
        check_batch("activities", request.activities, MAX_LETTERS)
        actions = (pb.DEAD_LETTER_ACTION_RETRY, pb.DEAD_LETTER_ACTION_ERASE)
        if request.action not in actions:
            raise InvalidField("action", "must be RETRY or ERASE")
        keys = []
        for index, name in enumerate(request.activities):
            account, activity = check_name(
                f"activities[{index}]", name, "accounts", "activities"
            )
            keys.append((account, activity))
        count = await self._use_cases.log.resolve(
            keys,
            retry=request.action == pb.DEAD_LETTER_ACTION_RETRY,
            caller=CALLER.get().name,
        )
        return pb.ResolveDeadLettersResponse(resolved_count=count)


def _letter(letter: DeadLetter) -> pb.DeadLetter:
    return pb.DeadLetter(
        activity=f"{ACCOUNT_PREFIX}{letter.account}/activities/{letter.activity}",
        attempt_count=letter.attempts,
        error=Status.FromString(letter.error),
        attempt_time=timestamp(letter.attempt_us),
    )
