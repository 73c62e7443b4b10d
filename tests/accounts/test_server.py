"""AccountsService as a client sees it: real database, real wire shapes."""

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from sqlalchemy import select

from services.accounts.storage.audit import AUDIT
from services.accounts.storage.erasing import hashed
from services.accounts.storage.rows import METADATA
from services.runtime.database import Database
from services.runtime.errors import (
    CursorEpochChanged,
    CursorInvalid,
    FailedPrecondition,
    InvalidFields,
    NotFound,
    PageTokenInvalid,
    RequestIdReused,
)
from services.runtime.status import from_status
from tests.accounts.serving import (
    DIGEST,
    Running,
    accounts_running,
    an_activity,
    reasons,
)
from tests.conftest import serving
from truepen.accounts.v1 import accounts_service_pb2 as pb
from truepen.accounts.v1 import accounts_service_pb2_grpc as pb_grpc
from truepen.accounts.v1 import activities_pb2, profile_pb2

ROBOT = "as a robot I have prepared five points for you"
TOOL = activities_pb2.Client(kind=activities_pb2.CLIENT_KIND_HOSTING_TOOL)


async def record(
    running: Running,
    *activities: activities_pb2.Activity,
    wait: pb.WaitMode.ValueType = pb.WAIT_MODE_DURABLE,
) -> Any:
    request = pb.RecordActivitiesRequest(activities=activities, wait=wait)
    return (await running.accounts.RecordActivities(request, timeout=5)).results


async def profile(running: Running, account: str = "a1", **fields: Any) -> Any:
    request = pb.GetProfileRequest(name=f"accounts/{account}/profile", **fields)
    return (await running.accounts.GetProfile(request)).profile


async def watched(running: Running, cursor: str = "", **fields: Any) -> Any:
    request = pb.WatchProfilesRequest(cursor=cursor, once=True, **fields)
    return [told async for told in running.accounts.WatchProfiles(request)]


async def test_what_is_acknowledged_is_in_the_profile(tmp_path: Path) -> None:
    async with accounts_running(tmp_path) as running:
        [result] = await record(running, an_activity())
        found = await profile(running, min_revision=result.recorded.revision)

        assert result.recorded.name == "accounts/a1/activities/n1"
        assert found.activity_count == 1
        assert len(found.channels) == 8


async def test_a_revision_ahead_is_not_reached(tmp_path: Path) -> None:
    async with accounts_running(tmp_path) as running:
        await record(running, an_activity())

        with pytest.raises(FailedPrecondition) as caught:
            await profile(running, min_revision=7)

        assert caught.value.reason == "REVISION_NOT_REACHED"


async def test_a_profile_as_of_an_instant_knows_nothing_later(tmp_path: Path) -> None:
    async with accounts_running(tmp_path) as running:
        await record(
            running,
            an_activity("old", hours_ago=50, text=ROBOT),
            an_activity("new", hours_ago=2, text=ROBOT),
            wait=pb.WAIT_MODE_ASSESSED,
        )
        past = an_activity(hours_ago=10).event_time

        then, now = await profile(running, as_of_time=past), await profile(running)

        assert (then.activity_count, now.activity_count) == (1, 2)
        assert then.as_of_time == past


async def test_waiting_for_scores_gives_them_with_the_receipt(tmp_path: Path) -> None:
    async with accounts_running(tmp_path) as running:
        activity = an_activity(text=ROBOT, title="hello")
        [first] = await record(running, activity, wait=pb.WAIT_MODE_ASSESSED)
        [again] = await record(running, activity, wait=pb.WAIT_MODE_ASSESSED)

        assert first.recorded.score_state == activities_pb2.SCORE_STATE_SCORED
        assert first.recorded.score.model_digest == DIGEST
        assert again.recorded.duplicate
        assert again.recorded.score == first.recorded.score
        assert running.words.seen == [f"hello\n{ROBOT}"]
        found = await profile(running, min_revision=first.recorded.revision)
        assert list(found.model_digests) == [DIGEST]


BAD = [
    ({"activity": ""}, "activities[0].id"),
    ({"activity": "a/b"}, "activities[0].id"),
    ({"activity": "a\nb"}, "activities[0].id"),
    ({"activity": "x" * 129}, "activities[0].id"),
    ({"account": "a\x00b"}, "activities[0].account"),
    ({"type": 0}, "activities[0].type"),
    ({"type": 99}, "activities[0].type"),
    ({"visibility": 99}, "activities[0].visibility"),
    ({"hours_ago": -0.2}, "activities[0].event_time"),
    ({"hours_ago": 24 * 365 * 56}, "activities[0].event_time"),
    ({"text": "x" * 100_001}, "activities[0].text"),
    ({"title": "x" * 1_001}, "activities[0].title"),
    ({"text_length": -1}, "activities[0].text_length"),
    ({"published_with": {"kind": 77}}, "activities[0].published_with.kind"),
    ({"composed_with": {"app_id": "\u0007"}}, "activities[0].composed_with.app_id"),
    ({"target": {"account": "nobody"}}, "activities[0].target.account"),
]


@pytest.mark.parametrize(("fields", "field"), BAD)
async def test_a_bad_activity_is_named_and_fails_only_itself(
    tmp_path: Path, fields: dict[str, Any], field: str
) -> None:
    async with accounts_running(tmp_path) as running:
        bad, good = await record(running, an_activity(**fields), an_activity("good"))

        assert reasons(from_status(bad.error)) == (field,)
        assert good.HasField("recorded")
        assert (await profile(running)).activity_count == 1


async def test_an_activity_without_a_time_is_refused(tmp_path: Path) -> None:
    async with accounts_running(tmp_path) as running:
        activity = an_activity()
        activity.ClearField("event_time")

        [result] = await record(running, activity)

        assert reasons(from_status(result.error)) == ("activities[0].event_time",)


async def test_an_empty_batch_is_refused(tmp_path: Path) -> None:
    async with accounts_running(tmp_path) as running:
        with pytest.raises(InvalidFields) as caught:
            await record(running)

        assert reasons(caught.value) == ("activities",)


async def test_a_stream_is_acknowledged_in_order(tmp_path: Path) -> None:
    async with accounts_running(tmp_path) as running:
        add = pb_grpc.add_AccountsServiceServicer_to_server
        async with serving(add, running.parts.servicer) as channel:
            stub = pb_grpc.AccountsServiceStub(channel)
            requests = [
                pb.StreamActivitiesRequest(sequence=1, activities=[an_activity("n1")]),
                pb.StreamActivitiesRequest(
                    sequence=5,
                    activities=[an_activity("n1"), an_activity("bad", type=99)],
                ),
            ]
            answers = [answer async for answer in stub.StreamActivities(iter(requests))]

        assert [answer.acknowledged_sequence for answer in answers] == [1, 5]
        assert answers[1].duplicate_count == 1
        assert [refused.index for refused in answers[1].refused] == [1]


async def test_a_feed_tells_each_change_once_and_resumes(tmp_path: Path) -> None:
    async with accounts_running(tmp_path) as running:
        await record(running, an_activity(), an_activity(account="a2"))
        [first] = await watched(running)
        await record(running, an_activity("n2"), an_activity("n3"))
        [second] = await watched(running, first.cursor, include_profile=True)
        [third] = await watched(running, second.cursor)

        assert {change.account for change in first.changes} == {
            "accounts/a1",
            "accounts/a2",
        }
        assert [(c.account, c.revision) for c in second.changes] == [("accounts/a1", 2)]
        assert second.changes[0].profile.activity_count == 3
        assert list(third.changes) == []


async def test_hard_evidence_stays_urgent_until_it_is_told(tmp_path: Path) -> None:
    async with accounts_running(tmp_path) as running:
        await record(running, an_activity(published_with=TOOL))
        await record(running, an_activity("n2"))
        [first] = await watched(running)
        await record(running, an_activity("n3"))
        [second] = await watched(running, first.cursor)

        assert [change.urgent for change in first.changes] == [True]
        assert [change.urgent for change in second.changes] == [False]


async def test_a_follower_is_woken_at_once_and_ends_with_a_cursor(
    tmp_path: Path,
) -> None:
    async with accounts_running(tmp_path, poll_s=30.0, heartbeat_s=60.0) as running:
        stream = aiter(running.accounts.WatchProfiles(pb.WatchProfilesRequest()))
        heartbeat = await anext(stream)
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.01)
        await record(running, an_activity())
        told = await asyncio.wait_for(waiting, 5)
        running.shutdown.set()
        last = [response async for response in stream]

        assert list(heartbeat.changes) == []
        assert [change.account for change in told.changes] == ["accounts/a1"]
        [resumed] = await watched(running, last[-1].cursor)
        assert list(resumed.changes) == []


async def test_cursors_that_are_not_of_this_log_are_refused(tmp_path: Path) -> None:
    async with accounts_running(tmp_path / "one") as running:
        await record(running, an_activity())
        [told] = await watched(running)
        with pytest.raises(CursorInvalid):
            await watched(running, told.cursor[:-4] + "AAAA")
        with pytest.raises(CursorInvalid):
            await watched(running, "forged")
    async with accounts_running(tmp_path / "two") as other:
        with pytest.raises(CursorEpochChanged):
            await watched(other, told.cursor)


async def test_pages_of_accounts_make_up_the_whole(tmp_path: Path) -> None:
    async with accounts_running(tmp_path) as running:
        await record(running, *(an_activity(account=f"a{n}") for n in range(7)))
        for size in (1, 2, 7, 100):
            found, token = [], ""
            while True:
                request = pb.ListAccountsRequest(page_size=size, page_token=token)
                page = await running.accounts.ListAccounts(request)
                found += [account.name for account in page.accounts]
                token = page.next_page_token
                if not token:
                    break

            assert found == [f"accounts/a{n}" for n in range(7)]


async def test_a_page_token_of_another_query_is_refused(tmp_path: Path) -> None:
    async with accounts_running(tmp_path) as running:
        await record(running, an_activity(), an_activity("n2"))
        request = pb.ListActivitiesRequest(parent="accounts/a1", page_size=1)
        page = await running.accounts.ListActivities(request)
        request.page_token = page.next_page_token
        rest = await running.accounts.ListActivities(request)
        request.parent = "accounts/a2"

        assert [a.name[-2:] for a in (*page.activities, *rest.activities)] == [
            "n2",
            "n1",
        ]
        with pytest.raises(PageTokenInvalid):
            await running.accounts.ListActivities(request)
        with pytest.raises(InvalidFields):
            await running.accounts.ListAccounts(pb.ListAccountsRequest(page_size=-1))


async def test_what_is_told_of_an_account_is_told_back(tmp_path: Path) -> None:
    async with accounts_running(tmp_path) as running:
        account = pb.Account(
            name="accounts/a1",
            kind=profile_pb2.ACCOUNT_KIND_ORGANISATION,
            follower_count=0,
            protected=True,
            time_zone="Asia/Shanghai",
        )
        await running.accounts.UpdateAccount(pb.UpdateAccountRequest(account=account))
        cleared = pb.UpdateAccountRequest(
            account=pb.Account(name="accounts/a1"),
            update_mask=FieldMask(paths=["follower_count"]),
        )
        kept = (await running.accounts.UpdateAccount(cleared)).account
        found = await profile(running)

        assert not kept.HasField("follower_count")
        assert kept.time_zone == "Asia/Shanghai"
        assert found.facts.protected
        assert found.revision == 2


@pytest.mark.parametrize(
    ("field", "value"), [("language", "!!!"), ("time_zone", "Mars/Olympus")]
)
async def test_what_nobody_speaks_and_nowhere_keeps_is_refused(
    tmp_path: Path, field: str, value: str
) -> None:
    async with accounts_running(tmp_path) as running:
        request = pb.UpdateAccountRequest(
            account=pb.Account(name="accounts/a1", **{field: value}),  # type: ignore[arg-type]
            update_mask=FieldMask(paths=[field]),
        )

        with pytest.raises(InvalidFields) as caught:
            await running.accounts.UpdateAccount(request)
        with pytest.raises(NotFound):
            await running.accounts.GetAccount(pb.GetAccountRequest(name="accounts/a1"))

    assert reasons(caught.value) == (f"account.{field}",)


@pytest.mark.parametrize("path", ["ownership_epoch", "name", "nonsense"])
async def test_a_mask_of_what_cannot_change_is_refused(
    tmp_path: Path, path: str
) -> None:
    async with accounts_running(tmp_path) as running:
        request = pb.UpdateAccountRequest(
            account=pb.Account(name="accounts/a1"), update_mask=FieldMask(paths=[path])
        )

        with pytest.raises(InvalidFields) as caught:
            await running.accounts.UpdateAccount(request)

        assert reasons(caught.value) == ("update_mask.paths[0]",)


async def test_batches_of_profiles_answer_each_name(tmp_path: Path) -> None:
    async with accounts_running(tmp_path) as running:
        await record(running, an_activity())
        names = ["accounts/a1/profile", "accounts/no/profile", "nonsense"]
        request = pb.BatchGetProfilesRequest(names=names)
        results = (await running.accounts.BatchGetProfiles(request)).results

        assert results[0].profile.name == names[0]
        assert isinstance(from_status(results[1].error), NotFound)
        assert reasons(from_status(results[2].error)) == ("names[2]",)


async def test_the_view_of_evidence_leaves_out_signals_alone(tmp_path: Path) -> None:
    async with accounts_running(tmp_path) as running:
        await record(running, an_activity())
        names = ["accounts/a1/profile"]
        whole = pb.BatchGetProfilesRequest(names=names)
        request = pb.BatchGetProfilesRequest(names=names, view=pb.PROFILE_VIEW_EVIDENCE)
        full = (await running.accounts.BatchGetProfiles(whole)).results[0].profile
        seen = (await running.accounts.BatchGetProfiles(request)).results[0].profile

        assert full.signals
        full.ClearField("signals")
        assert seen == full
        request.view = 9  # type: ignore[assignment]
        with pytest.raises(InvalidFields, match="view"):
            await running.accounts.BatchGetProfiles(request)


async def test_a_truth_is_recorded_once(tmp_path: Path) -> None:
    async with accounts_running(tmp_path) as running:
        await record(running, an_activity())
        request = pb.AnnotateAccountRequest(
            name="accounts/a1",
            truth=pb.TRUTH_PERSON,
            source="appeal",
            request_id=str(uuid4()),
        )
        first = await running.accounts.AnnotateAccount(request)
        again = await running.accounts.AnnotateAccount(request)
        request.truth = pb.TRUTH_HOSTED

        assert first == again
        with pytest.raises(RequestIdReused):
            await running.accounts.AnnotateAccount(request)


async def test_scores_of_a_barred_model_count_for_nothing(tmp_path: Path) -> None:
    async with accounts_running(tmp_path) as running:
        notes = [
            an_activity(f"n{n}", hours_ago=n + 1, text=f"{word} {ROBOT}")
            for n, word in enumerate(
                ("tea", "rain", "bread", "music", "stairs", "letters")
            )
        ]
        await record(running, *notes, wait=pb.WAIT_MODE_ASSESSED)
        [before] = await watched(running, include_profile=True)
        request = pb.QuarantineModelRequest(
            model_digest=DIGEST, reason="it drifted", request_id=str(uuid4())
        )
        answer = await running.accounts.QuarantineModel(request)
        [after] = await watched(running, before.cursor, include_profile=True)

        assert answer.affected_count == 1
        spoke = before.changes[0].profile.channels[0]
        assert spoke.state == profile_pb2.CHANNEL_STATE_SPEAKS
        [change] = after.changes
        style = change.profile.channels[0]
        assert style.state == profile_pb2.CHANNEL_STATE_ABSTAINS
        assert list(change.profile.model_digests) == []


async def test_an_erased_account_leaves_only_its_place_in_the_feed(
    tmp_path: Path,
) -> None:
    async with accounts_running(tmp_path) as running:
        await record(running, an_activity(text=ROBOT))
        [before] = await watched(running)
        erase = pb.EraseAccountRequest(name="accounts/a1", reason="asked for it")
        answer = await running.accounts.EraseAccount(erase)
        [after] = await watched(running, before.cursor)

        assert answer.activity_count == 1
        assert [change.erased for change in after.changes] == [True]
        with pytest.raises(NotFound):
            await profile(running)
        [anew] = await record(running, an_activity("n2"))
        assert anew.recorded.revision > after.changes[0].revision
        assert (await profile(running)).activity_count == 1


async def test_the_audit_of_an_erased_account_names_nobody(tmp_path: Path) -> None:
    """Who looked stays on record; at whom, only for those who know the id."""
    async with accounts_running(tmp_path) as running:
        await record(running, an_activity())
        listed = pb.ListActivitiesRequest(parent="accounts/a1")
        await running.accounts.ListActivities(listed)
        exported = pb.ExportAccountRequest(name="accounts/a1")
        assert [part async for part in running.accounts.ExportAccount(exported)]
        erase = pb.EraseAccountRequest(name="accounts/a1", reason="asked for it")
        await running.accounts.EraseAccount(erase)

        database = Database(f"sqlite:///{tmp_path}/accounts.db")
        lines = await database.read(
            lambda tx: tx.execute(select(AUDIT.c.action, AUDIT.c.subject)).all()
        )
        database.close()

    assert {action for action, _ in lines} == {
        "ListActivities",
        "ExportAccount",
        "EraseAccount",
    }
    assert {subject for _, subject in lines} == {hashed("a1")}


async def test_an_export_has_a_line_for_all_that_is_kept(tmp_path: Path) -> None:
    async with accounts_running(tmp_path) as running:
        await record(running, an_activity(text=ROBOT), wait=pb.WAIT_MODE_ASSESSED)
        request = pb.ExportAccountRequest(name="accounts/a1")
        parts = [part async for part in running.accounts.ExportAccount(request)]
        whole = b"".join(part.json_lines for part in parts).decode()
        kinds = [json.loads(line)["kind"] for line in whole.splitlines()]

        assert kinds == ["account", "activity", "score"]
        assert parts[-1].progress == 1.0


async def test_unknown_names_are_not_found(tmp_path: Path) -> None:
    async with accounts_running(tmp_path) as running:
        asked: list[Any] = [
            running.accounts.GetAccount(pb.GetAccountRequest(name="accounts/no")),
            profile(running, "no"),
            running.accounts.ListActivities(
                pb.ListActivitiesRequest(parent="accounts/no")
            ),
            running.accounts.EraseAccount(
                pb.EraseAccountRequest(name="accounts/no", reason="asked")
            ),
        ]
        for call in asked:
            with pytest.raises(NotFound):
                await call


async def test_no_row_keeps_a_text_that_was_scored(tmp_path: Path) -> None:
    secret = "a robot told me where the treasure is buried"
    async with accounts_running(tmp_path) as running:
        await record(running, an_activity(text=secret), wait=pb.WAIT_MODE_ASSESSED)

    database = Database(f"sqlite:///{tmp_path}/accounts.db")
    rows = database.read_sync(
        lambda tx: [
            value
            for table in METADATA.sorted_tables
            for row in tx.execute(select(table))
            for value in row
        ]
    )
    database.close()
    assert b"n1" in b"".join(value for value in rows if isinstance(value, bytes))
    assert not any("treasure" in str(value) for value in rows)
