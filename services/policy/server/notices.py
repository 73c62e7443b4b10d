"""NoticesService over gRPC: what was said to people, and that it arrived."""

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

from services.policy.convert.notices import render_notice
from services.policy.convert.times import check_time
from services.policy.handover import HandOver
from services.policy.queries import Queries
from services.policy.server.names import account_of
from services.policy.server.streams import StreamCursors, Streams
from services.policy.storage.counters import NOTICES
from services.policy.storage.notices import StoredNotice
from services.runtime.errors import NotFound
from services.runtime.ids import check_name
from services.runtime.paging import page_size, query_of
from truepen.policy.v1 import notices_service_pb2 as pb
from truepen.policy.v1 import notices_service_pb2_grpc as pb_grpc

if TYPE_CHECKING:
    import grpc

    Context = grpc.aio.ServicerContext[Any, Any]


class NoticesServicer(pb_grpc.NoticesServiceServicer):
    """Serves NoticesService."""

    def __init__(self, queries: Queries, hand_over: HandOver, streams: Streams) -> None:
        self._queries = queries
        self._hand_over = hand_over
        self._streams = streams
        self._cursors = StreamCursors(streams.tokens, "WatchNotices")

    async def ListNotices(
        self, request: pb.ListNoticesRequest, context: "Context"
    ) -> pb.ListNoticesResponse:
        account = account_of("parent", request.parent)
        size = page_size(request.page_size, 50, 1_000)
        query, tokens = query_of(request), self._streams.tokens
        before = None
        if request.page_token:
            before = int(str(tokens.open(query, request.page_token)[0]))
        found = await self._queries.notices(account, before, size + 1)
        response = pb.ListNoticesResponse(
            notices=[render_notice(notice) for notice in found[:size]]
        )
        if len(found) > size:
            response.next_page_token = tokens.seal(query, (found[size - 1].sequence,))
        return response

    async def WatchNotices(
        self, request: pb.WatchNoticesRequest, context: "Context"
    ) -> AsyncIterator[pb.WatchNoticesResponse]:
        epoch, latest = await self._queries.end_of(NOTICES)
        last = self._cursors.open(request.cursor, epoch, latest)

        async def look() -> Sequence[StoredNotice]:
            return await self._queries.outbox(last)

        async for found in self._streams.following.follow(look, once=request.once):
            last = found[-1].outbox_sequence if found else last
            yield pb.WatchNoticesResponse(
                notices=[render_notice(notice) for notice in found],
                cursor=self._cursors.seal(epoch, last),
            )
            # Only now: what a broken stream never carried was not handed over.
            for notice in found:
                await self._hand_over.note(notice)

    async def AcknowledgeNotice(
        self, request: pb.AcknowledgeNoticeRequest, context: "Context"
    ) -> pb.AcknowledgeNoticeResponse:
        account, number = check_name("name", request.name, "accounts", "notices")
        read_time = check_time(request, "read_time")
        if not number.isdecimal() or len(number) > 18:
            raise NotFound("notice", request.name)
        notice = await self._hand_over.acknowledge(account, int(number), read_time)
        return pb.AcknowledgeNoticeResponse(notice=render_notice(notice))
