"""Profiles: one, many, all, and what changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.accounts.convert.fields import ACCOUNT_PREFIX, time_of, timestamp
from services.accounts.convert.profiles import profile_message
from services.accounts.server.edge import Edge
from services.accounts.storage.feed import PARTITIONS
from services.runtime.errors import InvalidField, NotFound, ServiceError
from services.runtime.fields import check_batch, check_not_negative
from services.runtime.ids import check_name
from services.runtime.paging import page_size, query_of
from services.runtime.status import to_status
from truepen.accounts.v1 import accounts_service_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    import grpc

    from services.accounts.feed import Watched
    from services.accounts.profiles import Read
    from truepen.accounts.v1 import profile_pb2

    Context = grpc.aio.ServicerContext[Any, Any]

MAX_PROFILES = 100


class ProfileCalls(Edge):
    """Gives profiles out."""

    async def GetProfile(
        self, request: pb.GetProfileRequest, context: Context
    ) -> pb.GetProfileResponse:
        """Return a profile, now or as of an instant."""
        account = _account_in("name", request.name)
        check_not_negative("min_revision", request.min_revision)
        _check_view(request.view)
        read = await self._use_cases.profiles.get(account, request.min_revision)
        if request.HasField("as_of_time"):
            instant = time_of("as_of_time", request.as_of_time)
            read = await self._use_cases.profiles.get_as_of(account, instant)
        return pb.GetProfileResponse(profile=self._rendered(read, request.view))

    async def BatchGetProfiles(
        self, request: pb.BatchGetProfilesRequest, context: Context
    ) -> pb.BatchGetProfilesResponse:
        """Return a result for each name; a bad one fails only itself."""
        check_batch("names", request.names, MAX_PROFILES)
        _check_view(request.view)
        wanted = [_account_or_error(n, i) for i, n in enumerate(request.names)]
        names = [account for account in wanted if isinstance(account, str)]
        reads = dict(
            zip(names, await self._use_cases.profiles.get_many(names), strict=True)
        )
        return pb.BatchGetProfilesResponse(
            results=[
                self._result(reads[account], name, request.view)
                if isinstance(account, str)
                else pb.ProfileResult(error=to_status(account))
                for account, name in zip(wanted, request.names, strict=True)
            ]
        )

    async def ListProfiles(
        self, request: pb.ListProfilesRequest, context: Context
    ) -> pb.ListProfilesResponse:
        """Return a page of profiles by account name."""
        tokens, query = self._use_cases.tokens, query_of(request)
        size = page_size(request.page_size, 20, MAX_PROFILES)
        after = ""
        if request.page_token:
            after = str(tokens.open(query, request.page_token)[0])
        reads = await self._use_cases.profiles.page(after, size)
        token = ""
        if len(reads) == size:
            token = tokens.seal(query, [reads[-1].profile.account])
        return pb.ListProfilesResponse(
            profiles=map(self._rendered, reads), next_page_token=token
        )

    async def WatchProfiles(
        self, request: pb.WatchProfilesRequest, context: Context
    ) -> AsyncIterator[pb.WatchProfilesResponse]:
        """Tell what changes; the last message has the cursor to resume from."""
        for index, partition in enumerate(request.partitions):
            if not 0 <= partition < PARTITIONS:
                problem = f"must be in [0, {PARTITIONS - 1}]"
                raise InvalidField(f"partitions[{index}]", problem)
        _check_view(request.view)
        stream = self._use_cases.feed.profiles(
            request.cursor, request.partitions, once=request.once
        )
        async for told in stream:
            changes = [_change(watched) for watched in told.items]
            if request.include_profile:
                await self._attach(changes, told.items, request.view)
            yield pb.WatchProfilesResponse(changes=changes, cursor=told.cursor)

    async def _attach(
        self,
        changes: Sequence[pb.ProfileChange],
        watched: Sequence[Watched],
        view: pb.ProfileView.ValueType,
    ) -> None:
        names = [each.change.account for each in watched]
        reads = await self._use_cases.profiles.get_many(names)
        for change, read in zip(changes, reads, strict=True):
            if read is not None:
                change.profile.CopyFrom(self._rendered(read, view))

    def _result(
        self, read: Read | None, name: str, view: pb.ProfileView.ValueType
    ) -> pb.ProfileResult:
        if read is None:
            error = NotFound("profile", name)
            return pb.ProfileResult(error=to_status(error))
        return pb.ProfileResult(profile=self._rendered(read, view))

    def _rendered(
        self, read: Read, view: pb.ProfileView.ValueType = pb.PROFILE_VIEW_FULL
    ) -> profile_pb2.Profile:
        return profile_message(
            read.profile,
            read.content_ids,
            read.models,
            self._use_cases.reader.keyed,
            with_signals=view != pb.PROFILE_VIEW_EVIDENCE,
        )


def _account_or_error(name: str, index: int) -> str | ServiceError:
    try:
        return _account_in(f"names[{index}]", name)
    except InvalidField as error:
        return error


def _account_in(field: str, name: str) -> str:
    """Return the id in `accounts/{account}/profile`, or raise InvalidField."""
    return check_name(field, name, "accounts", only="profile")[0]


def _check_view(view: pb.ProfileView.ValueType) -> None:
    if view not in pb.ProfileView.values():
        raise InvalidField("view", "must be one of ProfileView")


def _change(watched: Watched) -> pb.ProfileChange:
    change = watched.change
    return pb.ProfileChange(
        account=f"{ACCOUNT_PREFIX}{change.account}",
        revision=change.revision,
        change_time=timestamp(change.change_us),
        urgent=watched.urgent,
        erased=change.erased,
    )
