"""Bad input gets a precise status and changes nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2, status_pb2

from services.runtime.client import RemoteStub
from services.runtime.errors import InvalidFields, PageTokenInvalid
from tests.suite.running import running, suite_settings
from truepen.accounts.v1 import (
    accounts_service_pb2,
    accounts_service_pb2_grpc,
    activities_pb2,
)
from truepen.detector.v1 import detector_service_pb2, detector_service_pb2_grpc
from truepen.policy.v1 import (
    enforcement_service_pb2,
    enforcement_service_pb2_grpc,
    notices_service_pb2,
    notices_service_pb2_grpc,
)

GOOD_TIME = Timestamp(seconds=1_775_000_000)


def an_activity(**fields: Any) -> activities_pb2.Activity:
    """A note that is fine but for *fields*."""
    fine = {
        "id": "n1",
        "account": "accounts/a1",
        "type": activities_pb2.ACTIVITY_TYPE_NOTE,
        "event_time": GOOD_TIME,
    }
    return activities_pb2.Activity(**{**fine, **fields})


class Suite:
    """Stubs of the services under test."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.accounts: Any = RemoteStub(
            accounts_service_pb2_grpc.AccountsServiceStub(channel)
        )
        self.detector: Any = RemoteStub(
            detector_service_pb2_grpc.DetectorServiceStub(channel)
        )
        self.enforcement: Any = RemoteStub(
            enforcement_service_pb2_grpc.EnforcementServiceStub(channel)
        )
        self.notices: Any = RemoteStub(
            notices_service_pb2_grpc.NoticesServiceStub(channel)
        )

    async def record(self, *activities: activities_pb2.Activity) -> list[Any]:
        """Record them; a result each."""
        response = await self.accounts.RecordActivities(
            accounts_service_pb2.RecordActivitiesRequest(activities=activities)
        )
        return list(response.results)

    async def recorded(self) -> list[str]:
        """Names of what accounts/a1 is known to have done."""
        response = await self.accounts.ListActivities(
            accounts_service_pb2.ListActivitiesRequest(parent="accounts/a1")
        )
        return [activity.name for activity in response.activities]


@asynccontextmanager
async def a_suite(folder: Path) -> AsyncIterator[Suite]:
    async with running(suite_settings(folder, policy={"worker": False})) as channel:
        yield Suite(channel)


def fields_of(status: status_pb2.Status) -> list[str]:
    """Paths that a BadRequest names."""
    found = error_details_pb2.BadRequest()
    for detail in status.details:
        detail.Unpack(found)
    return [violation.field for violation in found.field_violations]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("type", 99),
        ("type", 0),
        ("id", ""),
        ("id", "a/b"),
        ("id", "a\u0000b"),
        ("id", "x" * 129),
        ("account", "a1"),
        ("text", "x" * 1_000_000),
        ("title", "x" * 1_001),
        ("event_time", Timestamp(seconds=0)),
        ("event_time", Timestamp(seconds=4_000_000_000)),
        ("event_time", Timestamp(seconds=1_775_000_000, nanos=-5)),
        ("text_length", -1),
        ("aigc_label", "{" * 9_000),
        ("visibility", 77),
    ],
)
async def test_one_bad_activity_is_refused_by_field_and_harms_no_other(
    tmp_path: Path, field: str, value: Any
) -> None:
    async with a_suite(tmp_path) as suite:
        bad, good = await suite.record(
            an_activity(**{field: value}), an_activity(id="n2", text="")
        )
        kept = await suite.recorded()

    assert fields_of(bad.error) == [f"activities[0].{field}"]
    assert good.HasField("recorded")
    assert kept == ["accounts/a1/activities/n2"]


async def test_an_id_used_for_something_else_is_taken(tmp_path: Path) -> None:
    async with a_suite(tmp_path) as suite:
        (first,) = await suite.record(an_activity(text="mine"))
        (again,) = await suite.record(an_activity(text="mine"))
        (other,) = await suite.record(an_activity(text="other"))

    assert not first.recorded.duplicate
    assert again.recorded.duplicate
    assert again.recorded.revision >= first.recorded.revision
    assert other.error.code == grpc.StatusCode.ALREADY_EXISTS.value[0]


async def test_empty_and_huge_texts_are_refused_by_the_detector(
    tmp_path: Path,
) -> None:
    async with a_suite(tmp_path) as suite:
        for text in ("", "x" * 1_000_000):
            with pytest.raises(Exception, match="text"):
                await suite.detector.DetectText(
                    detector_service_pb2.DetectTextRequest(text=text)
                )
        answer = await suite.detector.DetectText(
            detector_service_pb2.DetectTextRequest(text="\u0001\u0007\u202e" * 9)
        )

    assert answer.assessment.verdict == detector_service_pb2.VERDICT_UNDECIDED


def lists(suite: Suite) -> dict[str, tuple[Any, Any]]:
    """Every paged method that needs no more than a parent, with its request."""
    policy, accounts = enforcement_service_pb2, accounts_service_pb2
    return {
        "ListActivities": (
            suite.accounts.ListActivities,
            accounts.ListActivitiesRequest(parent="accounts/a1"),
        ),
        "ListAccounts": (suite.accounts.ListAccounts, accounts.ListAccountsRequest()),
        "ListProfiles": (suite.accounts.ListProfiles, accounts.ListProfilesRequest()),
        "ListDecisions": (
            suite.enforcement.ListDecisions,
            policy.ListDecisionsRequest(parent="accounts/a1"),
        ),
        "ListStandings": (
            suite.enforcement.ListStandings,
            policy.ListStandingsRequest(),
        ),
        "ListNotices": (
            suite.notices.ListNotices,
            notices_service_pb2.ListNoticesRequest(parent="accounts/a1"),
        ),
    }


async def test_negative_pages_and_forged_tokens_are_refused(tmp_path: Path) -> None:
    async with a_suite(tmp_path) as suite:
        await suite.record(an_activity())
        for method, request in lists(suite).values():
            negative = type(request)()
            negative.CopyFrom(request)
            negative.page_size = -1
            with pytest.raises(InvalidFields) as caught:
                await method(negative)
            assert [path for path, _ in caught.value.violations] == ["page_size"]

            forged = type(request)()
            forged.CopyFrom(request)
            forged.page_token = "AAAAAAAAAAAAAAAAAAAAAAAA"
            with pytest.raises(PageTokenInvalid):
                await method(forged)


async def test_a_malformed_name_is_refused_by_field(tmp_path: Path) -> None:
    async with a_suite(tmp_path) as suite:
        with pytest.raises(InvalidFields) as caught:
            await suite.enforcement.GetStanding(
                enforcement_service_pb2.GetStandingRequest(name="a1")
            )

    assert [path for path, _ in caught.value.violations] == ["name"]


async def test_a_refused_review_changes_nothing(tmp_path: Path) -> None:
    async with a_suite(tmp_path) as suite:
        with pytest.raises(InvalidFields) as caught:
            await suite.enforcement.ReviewActivity(
                enforcement_service_pb2.ReviewActivityRequest(
                    activity=an_activity(event_time=Timestamp(seconds=0))
                )
            )
        listed = await suite.accounts.ListAccounts(
            accounts_service_pb2.ListAccountsRequest()
        )

    assert [path for path, _ in caught.value.violations] == ["activity.event_time"]
    assert list(listed.accounts) == []
