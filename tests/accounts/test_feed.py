"""Followers are told at once, and of what comes quickly together."""

import asyncio
import time
from pathlib import Path

from services.accounts.compose import GATHER_S
from tests.accounts.serving import accounts_running, an_activity
from truepen.accounts.v1 import accounts_service_pb2 as pb


async def test_what_changes_again_and_again_is_told_together(tmp_path: Path) -> None:
    """A profile is derived for each telling: one a write would be all the work."""
    async with accounts_running(tmp_path, poll_s=5) as running:
        told: list[int] = []
        everything = asyncio.Event()

        async def follow() -> None:
            async for answer in running.accounts.WatchProfiles(
                pb.WatchProfilesRequest()
            ):
                told.extend(change.revision for change in answer.changes)
                if told and told[-1] == 40:
                    everything.set()

        following, started = asyncio.create_task(follow()), time.monotonic()
        for number in range(40):
            request = pb.RecordActivitiesRequest(activities=[an_activity(f"n{number}")])
            await running.accounts.RecordActivities(request)
        async with asyncio.timeout(10):
            await everything.wait()
        took = time.monotonic() - started
        following.cancel()

    assert told == sorted(told)
    assert len(told) <= took / GATHER_S + 2
