"""Policy's records on each database: the same answers, nothing half-written."""

import asyncio
from pathlib import Path
from typing import Any

import grpc
import pytest

from services.policy.domain.chain import verify
from services.policy.storage import erasures, ledgers, notices, rows
from services.policy.storage.rows import METADATA
from services.runtime import migrate
from services.runtime.database import Database
from tests.policy.accounts_fake import START, a_profile, hosted, occasional
from tests.policy.serving import Site, running
from truepen.accounts.v1 import activities_pb2
from truepen.policy.v1 import decisions_pb2, notices_service_pb2
from truepen.policy.v1 import enforcement_service_pb2 as pb


async def all_pages(site: Site, parent: str, size: int) -> list[str]:
    """Names of all decisions, page by page."""
    names: list[str] = []
    token = ""
    while True:
        page = await site.enforcement.ListDecisions(
            pb.ListDecisionsRequest(parent=parent, page_size=size, page_token=token)
        )
        names += [decision.name for decision in page.decisions]
        token = page.next_page_token
        if not token:
            return names


def test_migrated_schema_is_what_the_code_expects(database_url: str) -> None:
    migrate.upgrade(database_url, "services.policy")

    assert migrate.drift(database_url, "services.policy", METADATA) == []


async def test_same_evidence_is_decided_once(tmp_path: Path, database_url: str) -> None:
    async with running(tmp_path, database_url) as site:
        site.accounts.tell(hosted("bot"))

        answers = await asyncio.gather(*(site.evaluate("bot") for _ in range(8)))
        notices = await site.notices.ListNotices(
            notices_service_pb2.ListNoticesRequest(parent="accounts/bot")
        )

    assert sum(answer.changed for answer in answers) == 1
    assert len({a.decision.SerializeToString() for a in answers}) == 1
    assert len(notices.notices) == 1


async def test_pages_of_any_size_are_the_whole(
    tmp_path: Path, database_url: str
) -> None:
    async with running(tmp_path, database_url) as site:
        for number in range(5):
            site.accounts.tell(occasional(f"a{number}"))
            await site.evaluate(f"a{number}")

        whole = await all_pages(site, "accounts/-", 100)
        paged = [await all_pages(site, "accounts/-", size) for size in (1, 2, 3)]

    assert len(whole) == 5
    assert all(pages == whole for pages in paged)


async def test_log_of_every_account_verifies(tmp_path: Path, database_url: str) -> None:
    async with running(tmp_path, database_url) as site:
        site.accounts.tell(hosted("bot"))
        await site.evaluate("bot")
        async for _ in site.notices.WatchNotices(
            notices_service_pb2.WatchNoticesRequest(once=True)
        ):
            pass

    database = Database(database_url)
    try:
        count = database.read_sync(lambda c: verify(ledgers.entries(c, "bot")))
    finally:
        database.close()
    assert count == 2


async def test_altered_log_is_found(tmp_path: Path, database_url: str) -> None:
    async with running(tmp_path, database_url) as site:
        site.accounts.tell(hosted("bot"))
        await site.evaluate("bot")
    database = Database(database_url)
    log = rows.table(rows.LogRow)
    row = database.read_sync(lambda c: c.execute(log.select()).one())
    milder = row.body.replace('"BANNED"', '"WARNING"')
    database.write_sync(lambda c: c.execute(log.update().values(body=milder)) and None)

    with pytest.raises(ValueError, match="altered"):
        database.read_sync(lambda c: verify(ledgers.entries(c, "bot")))
    database.close()


async def test_crash_inside_the_transaction_leaves_nothing(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*args: Any) -> None:
        raise RuntimeError("the process died here")

    async with running(tmp_path, database_url) as site:
        site.accounts.tell(hosted("bot"))
        with monkeypatch.context() as patched:
            patched.setattr(notices, "write", crash)
            with pytest.raises(grpc.aio.AioRpcError):
                await site.evaluate("bot")
        left = await all_pages(site, "accounts/bot", 10)
        standing = await site.standing("bot")
        again = await site.evaluate("bot")

    assert left == []
    assert standing.tier == decisions_pb2.TIER_CLEAR
    assert again.changed


async def test_what_was_decided_survives_a_restart(
    tmp_path: Path, database_url: str
) -> None:
    async with running(tmp_path, database_url) as site:
        site.accounts.tell(hosted("bot"))
        first = await site.evaluate("bot")
    async with running(tmp_path, database_url, accounts=site.accounts) as site:
        again = await site.evaluate("bot")

    assert not again.changed
    assert again.decision == first.decision
    assert again.standing == first.standing


async def test_standing_feed_has_no_gap_and_goes_on_from_its_cursor(
    tmp_path: Path, database_url: str
) -> None:
    async with running(tmp_path, database_url) as site:
        for name in ("a", "b", "c"):
            site.accounts.tell(occasional(name))
        await asyncio.gather(*(site.evaluate(name) for name in ("a", "b")))
        first = [m async for m in watch(site, "")]
        await site.evaluate("c")
        second = [m async for m in watch(site, first[-1].cursor)]

    assert {s.name for m in first for s in m.standings} == {
        "accounts/a/standing",
        "accounts/b/standing",
    }
    assert [s.name for m in second for s in m.standings] == ["accounts/c/standing"]


def watch(site: Site, cursor: str) -> Any:
    return site.enforcement.WatchStandings(
        pb.WatchStandingsRequest(cursor=cursor, once=True)
    )


async def test_content_measures_come_with_the_decision(
    tmp_path: Path, database_url: str
) -> None:
    async with running(tmp_path, database_url) as site:
        site.accounts.tell(hosted("bot"))
        await site.evaluate("bot")

        answer = await site.enforcement.BatchGetContentMeasures(
            pb.BatchGetContentMeasuresRequest(
                keys=[
                    pb.ContentKey(account="accounts/bot", content="n0"),
                    pb.ContentKey(account="accounts/other", content="n0"),
                ]
            )
        )

    assert [m.label for m in answer.measures] == ["AI_GENERATED", ""]
    assert [m.recommended for m in answer.measures] == [False, True]


async def test_review_records_scores_and_judges_in_one_call(
    tmp_path: Path, database_url: str
) -> None:
    async with running(tmp_path, database_url) as site:
        site.accounts.profiles["bot"] = a_profile("bot")
        site.accounts.after_recording["bot"] = hosted("bot", revision=2)

        answer = await site.enforcement.ReviewActivity(
            pb.ReviewActivityRequest(
                activity=activities_pb2.Activity(id="n0", account="accounts/bot")
            )
        )

    assert answer.decision.profile_revision == 2
    assert answer.standing.tier == decisions_pb2.TIER_BANNED
    assert answer.content_measure.label == "AI_GENERATED"
    assert answer.score.verdict == "HUMAN"


def whole(database: Database) -> dict[str, list[str]]:
    """Every row of policy's database as text, by table."""
    return database.read_sync(
        lambda c: {
            name: [repr(tuple(row)) for row in c.execute(found.select())]
            for name, found in METADATA.tables.items()
        }
    )


async def test_erased_account_leaves_an_audit_entry_that_names_nobody(
    tmp_path: Path, database_url: str
) -> None:
    async with running(
        tmp_path, database_url, worker=True, debounce_s=0, max_age_s=0
    ) as site:
        for name in ("erased-one", "erased-one-2"):
            site.accounts.tell(hosted(name))
            await site.evaluate(name)
        decided = (await all_pages(site, "accounts/erased-one", 10))[0]
        await site.enforcement.GetDecision(
            pb.GetDecisionRequest(name=decided, explain=True)
        )
        site.accounts.erase("erased-one")
        async with asyncio.timeout(5):
            while await all_pages(site, "accounts/erased-one", 10):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        standing = await site.standing("erased-one")
        other = await site.standing("erased-one-2")
        await asyncio.sleep(0.1)
    database = Database(database_url, durable=False)
    left = whole(database)
    length = database.read_sync(lambda c: verify(ledgers.entries(c, "erased-one-2")))
    database.close()

    rows_left = [row for rows in left.values() for row in rows]
    named = [row for row in rows_left if "erased-one" in row.replace("one-2", "")]
    assert named == []
    assert [row for row in left["audit"] if "EraseAccount" in row]
    assert standing.tier == decisions_pb2.TIER_CLEAR
    assert other.tier == decisions_pb2.TIER_BANNED
    assert length > 0


async def test_account_that_comes_back_after_an_erasure_begins_a_new_chain(
    tmp_path: Path, database_url: str
) -> None:
    async with running(tmp_path, database_url) as site:
        site.accounts.tell(hosted("bot"))
        await site.evaluate("bot")
        database = Database(database_url, durable=False)
        database.write_sync(lambda c: erasures.erase(c, "bot", START))
        again = await site.evaluate("bot")
        length = database.read_sync(lambda c: verify(ledgers.entries(c, "bot")))
        database.close()

    assert again.changed
    assert length == 1
