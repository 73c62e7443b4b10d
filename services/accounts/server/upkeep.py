"""Accounts, logs, dead letters, truths, erasure: the parts that people use."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from google.rpc.status_pb2 import Status

from services.accounts.arrivals import ScoreState
from services.accounts.convert import accounts as convert
from services.accounts.convert.export import json_line
from services.accounts.convert.fields import (
    ACCOUNT_PREFIX,
    account_of,
    duration,
    parts_of,
    timestamp,
    us_of,
)
from services.accounts.convert.recorded import recorded_message
from services.accounts.server.edge import Edge, reason_checked, size_checked
from services.accounts.storage.judging import Quarantine, Truth
from services.runtime.calls import CALLER
from services.runtime.errors import InvalidField
from services.runtime.paging import page_size, query_of
from services.runtime.requests import request_of
from truepen.accounts.v1 import accounts_service_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import grpc

    from services.accounts.storage.texts import DeadLetter

    Context = grpc.aio.ServicerContext[Any, Any]

MAX_LETTERS = 1_000
MAX_PAGE = 1_000
MAX_SOURCE = 64
DIGEST = re.compile(r"[0-9a-f]{64}")
ACTIVITY = ("accounts", "", "activities", "")


class Upkeep(Edge):
    """Serves what operators and the platform's own pages ask."""

    async def GetAccount(
        self, request: pb.GetAccountRequest, context: Context
    ) -> pb.GetAccountResponse:
        """Return what is known of an account."""
        account = account_of(request.name, "name")
        return pb.GetAccountResponse(account=await self._account(account))

    async def UpdateAccount(
        self, request: pb.UpdateAccountRequest, context: Context
    ) -> pb.UpdateAccountResponse:
        """Set what the mask names, or all that is set."""
        account, fields = convert.changes(request.account, request.update_mask)
        await self._cases.register.update(account, fields)
        return pb.UpdateAccountResponse(account=await self._account(account))

    async def ListAccounts(
        self, request: pb.ListAccountsRequest, context: Context
    ) -> pb.ListAccountsResponse:
        """Return a page of accounts by name."""
        tokens, query = self._cases.tokens, query_of(request)
        size = page_size(request.page_size, 50, MAX_PAGE)
        after = ""
        if request.page_token:
            after = str(tokens.open(query, request.page_token)[0])
        found = await self._cases.register.page(after, size)
        epochs = await self._cases.profiles.ownership([t.account for t in found])
        token = tokens.seal(query, [found[-1].account]) if len(found) == size else ""
        return pb.ListAccountsResponse(
            accounts=[convert.message(t, epochs.get(t.account, 0)) for t in found],
            next_page_token=token,
        )

    async def ListActivities(
        self, request: pb.ListActivitiesRequest, context: Context
    ) -> pb.ListActivitiesResponse:
        """Return a page of activities, newest first."""
        account = account_of(request.parent, "parent")
        tokens, query = self._cases.tokens, query_of(request)
        size = page_size(request.page_size, 50, MAX_PAGE)
        before = None
        if request.page_token:
            event_us, activity = tokens.open(query, request.page_token)
            before = (int(event_us or 0), str(activity))
        caller = CALLER.get().name
        found = await self._cases.log.page(account, before, size, caller)
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

    async def AnnotateAccount(
        self, request: pb.AnnotateAccountRequest, context: Context
    ) -> pb.AnnotateAccountResponse:
        """Record the truth about an account."""
        account = account_of(request.name, "name")
        if not request.truth or request.truth not in pb.Truth.values():
            raise InvalidField("truth", "must be one of Truth")
        reason_checked("source", request.source, MAX_SOURCE)
        since = request.HasField("since_time")
        truth = Truth(
            account,
            request.truth,
            request.source,
            request.decision,
            us_of(request.since_time, "since_time") if since else None,
        )
        found = await self._cases.truths.annotate(truth, request_of(request))
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
        count = await self._cases.truths.quarantine(
            wanted, request_of(request), CALLER.get().name
        )
        return pb.QuarantineModelResponse(affected_count=count)

    async def ListDeadLetters(
        self, request: pb.ListDeadLettersRequest, context: Context
    ) -> pb.ListDeadLettersResponse:
        """Return a page of dead letters, oldest first."""
        tokens, query = self._cases.tokens, query_of(request)
        size = page_size(request.page_size, 50, MAX_PAGE)
        after = None
        if request.page_token:
            attempt_us, account, activity = tokens.open(query, request.page_token)
            after = (int(attempt_us or 0), str(account), str(activity))
        caller = CALLER.get().name
        found = await self._cases.log.dead_letters(after, size, caller)
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
        size_checked("activities", len(request.activities), MAX_LETTERS)
        actions = (pb.DEAD_LETTER_ACTION_RETRY, pb.DEAD_LETTER_ACTION_ERASE)
        if request.action not in actions:
            raise InvalidField("action", "must be RETRY or ERASE")
        keys = []
        for index, name in enumerate(request.activities):
            account, activity = parts_of(name, f"activities[{index}]", *ACTIVITY)
            keys.append((account, activity))
        count = await self._cases.log.resolve(
            keys,
            retry=request.action == pb.DEAD_LETTER_ACTION_RETRY,
            caller=CALLER.get().name,
        )
        return pb.ResolveDeadLettersResponse(resolved_count=count)

    async def EraseAccount(
        self, request: pb.EraseAccountRequest, context: Context
    ) -> pb.EraseAccountResponse:
        """Erase an account."""
        account = account_of(request.name, "name")
        reason_checked("reason", request.reason)
        count, erase_us = await self._cases.erasing.erase(
            account, request.reason, CALLER.get().name
        )
        return pb.EraseAccountResponse(
            activity_count=count, erase_time=timestamp(erase_us)
        )

    async def ExportAccount(
        self, request: pb.ExportAccountRequest, context: Context
    ) -> AsyncIterator[pb.ExportAccountResponse]:
        """Stream all that is kept about an account."""
        account = account_of(request.name, "name")
        started = time.monotonic()
        exports = self._cases.erasing.export(account, CALLER.get().name)
        async for exported in exports:
            spent = time.monotonic() - started
            yield pb.ExportAccountResponse(
                json_lines="".join(map(json_line, exported.lines)).encode(),
                progress=exported.progress,
                remaining=duration(spent * (1 / exported.progress - 1)),
            )

    async def _account(self, account: str) -> pb.Account:
        told = await self._cases.register.get(account)
        epochs = await self._cases.profiles.ownership([account])
        return convert.message(told, epochs.get(account, 0))


def _letter(letter: DeadLetter) -> pb.DeadLetter:
    return pb.DeadLetter(
        activity=f"{ACCOUNT_PREFIX}{letter.account}/activities/{letter.activity}",
        attempt_count=letter.attempts,
        error=Status.FromString(letter.error),
        attempt_time=timestamp(letter.attempt_us),
    )
