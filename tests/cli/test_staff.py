"""The staff's commands against a real suite: look, decide, answer, prove."""

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

from services.policy.shipped import DEFAULT
from services.policy.storage import rows
from services.runtime.database import Database
from tests.cli.hosted import Hosted, hosted_suite, run
from truepen.policy.v1 import appeals_service_pb2, appeals_service_pb2_grpc


def lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


async def test_a_decision_is_explained_rule_by_rule(tmp_path: Path) -> None:
    async with hosted_suite(tmp_path) as suite:
        result = await suite.run("explain", suite.decision, "--as", "ann")

    (told,) = lines(result.stdout)
    outcomes = {rule["result"] for rule in told["rules"]}
    assert told["tier"] == "TIER_BANNED"
    assert {"RULE_RESULT_FIRED", "RULE_RESULT_NOT_FIRED"} <= outcomes
    assert told["evidence"]["account"] == suite.account.removeprefix("accounts/")
    assert "held_back" in told
    assert told["statement_zh"]
    assert told["statement_en"]


async def test_a_case_is_decided_without_its_score_being_seen(tmp_path: Path) -> None:
    async with hosted_suite(tmp_path) as suite:
        (listed,) = lines((await suite.run("case", "list", "--as", "ann")).stdout)
        name = listed["name"].removeprefix("cases/")
        _, before = lines((await suite.run("case", "show", name)).stdout)
        claimed = await suite.run("case", "claim", name, "--as", "ann")
        done = await suite.run(
            *("case", "resolve", name, "--as", "ann", "--outcome", "confirmed"),
            *("--reason", "a tool made the account and wrote all of it"),
        )
        case, after = lines((await suite.run("case", "show", name)).stdout)

    assert json.loads(claimed.stdout)["assignee"] == "local:ann"
    assert done.exit_code == 0, done.stderr
    assert case["outcome"] == "CASE_OUTCOME_CONFIRMED"
    assert "tool_post_count" in before["evidence"]
    hidden = set(after["evidence"]) - set(before["evidence"])
    assert {"reliance_lower", "automation"} <= hidden


async def test_a_case_is_not_decided_by_somebody_else(tmp_path: Path) -> None:
    async with hosted_suite(tmp_path) as suite:
        (listed,) = lines((await suite.run("case", "list")).stdout)
        await suite.run("case", "claim", listed["name"], "--as", "ann")
        result = await suite.run(
            *("case", "resolve", listed["name"], "--as", "ben"),
            *("--outcome", "REJECTED", "--reason", "I like it"),
        )

    assert result.exit_code == 1
    assert "CLAIM_NOT_HELD" in result.stderr


async def appealed(suite: Hosted) -> str:
    stub = appeals_service_pb2_grpc.AppealsServiceStub(suite.channel)
    made: Any = await stub.CreateAppeal(
        appeals_service_pb2.CreateAppealRequest(
            decision=suite.decision,
            ground=appeals_service_pb2.APPEAL_GROUND_WRONG_FINDING,
            statement="I write every note myself.",
            request_id=str(uuid4()),
        )
    )
    return str(made.appeal.name)


async def test_an_appeal_is_answered_without_the_score_being_seen(
    tmp_path: Path,
) -> None:
    async with hosted_suite(tmp_path) as suite:
        name = await appealed(suite)
        (listed,) = lines((await suite.run("appeal", "list")).stdout)
        _, before = lines((await suite.run("appeal", "show", name)).stdout)
        await suite.run("appeal", "claim", name, "--as", "ben")
        done = await suite.run(
            *("appeal", "resolve", name, "--as", "ben", "--outcome", "OVERTURNED"),
            *("--reason", "the owner was shown to write"),
        )
        _, after = lines((await suite.run("appeal", "show", name)).stdout)

    assert listed["name"] == name
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["standing"]["tier"] == "TIER_CLEAR"
    assert "automation" not in before["evidence"]
    assert "automation" in after["evidence"]


async def test_the_log_is_proven_intact_until_somebody_alters_it(
    tmp_path: Path,
) -> None:
    folder = ("--data-dir", str(tmp_path))
    async with hosted_suite(tmp_path) as suite:
        pass
    intact = await run("verify-log", *folder)
    one = await run("verify-log", suite.account, *folder)
    database = Database(f"sqlite:///{tmp_path}/policy.db")
    log = rows.table(rows.LogRow)
    database.write_sync(
        lambda tx: (
            tx.execute(log.update().where(log.c.sequence == 1).values(body="{}"))
            and None
        )
    )
    altered = await run("verify-log", *folder)
    database.write_sync(lambda tx: tx.execute(log.delete()) and None)
    cut_off = await run("verify-log", *folder)
    database.close()

    assert json.loads(intact.stdout)["intact"] is True
    assert json.loads(intact.stdout)["accounts"] == 1
    assert one.exit_code == 0
    name = suite.account.removeprefix("accounts/")
    for broken in (altered, cut_off):
        assert broken.exit_code == 1
        assert broken.stderr.startswith(f"{name} entry 1 ")


async def test_profiles_are_what_the_log_adds_up_to(tmp_path: Path) -> None:
    async with hosted_suite(tmp_path) as suite:
        beside = await run("rebuild", "--data-dir", str(tmp_path))
    one = await run("rebuild", suite.account, "--data-dir", str(tmp_path))
    unknown = await run("rebuild", "nobody", "--data-dir", str(tmp_path))
    database = Database(f"sqlite:///{tmp_path}/accounts.db")
    database.write_sync(
        lambda tx: tx.exec_driver_sql("UPDATE profiles SET state = x'00'") and None
    )
    database.close()
    altered = await run("rebuild", "--data-dir", str(tmp_path))

    assert json.loads(beside.stdout) == {"accounts": 1, "different": 0}
    assert one.exit_code == 0
    assert unknown.exit_code == 1
    assert altered.exit_code == 1
    assert suite.account in altered.stderr


def test_nothing_is_made_where_nothing_is_stored(tmp_path: Path) -> None:
    result = asyncio.run(run("verify-log", "--data-dir", str(tmp_path)))

    assert result.exit_code == 2
    assert list(tmp_path.iterdir()) == []


async def test_the_period_is_counted_out_of_the_stored_log(tmp_path: Path) -> None:
    folder = ("--data-dir", str(tmp_path))
    async with hosted_suite(tmp_path):
        pass
    told = await run(
        "transparency", "--from", "2026-10-01", "--to", "2026-11-30", *folder
    )
    none = await run(
        "transparency", "--from", "2025-10-01", "--to", "2025-11-30", *folder
    )
    turned = await run(
        "transparency", "--from", "2026-10-02", "--to", "2026-10-01", *folder
    )

    said = json.loads(told.stdout)
    assert said["decisions"] == 1
    assert said["by_tier"] == [{"tier": "BANNED", "count": 1}]
    assert said["by_automation"] == [{"automation": "RULE", "count": 1}]
    assert json.loads(none.stdout)["decisions"] == 0
    assert turned.exit_code == 2


async def test_a_backtest_is_a_gate_with_an_exit_code(tmp_path: Path) -> None:
    period = ("--from", "2026-10-01", "--to", "2026-12-01")
    async with hosted_suite(tmp_path) as suite:
        free = await suite.run("backtest", str(DEFAULT), *period)
        gate = await suite.run(
            "backtest", str(DEFAULT), *period, "--max-wrongful", "0.5"
        )
        unknown = await suite.run("backtest", "f" * 64, *period)

    said = json.loads(free.stdout)
    assert free.exit_code == 0, free.stderr
    assert said["decision_count"] == "1"
    assert said["flips"] == []
    assert gate.exit_code == 3
    assert "gate" in gate.stderr
    assert unknown.exit_code == 1
    assert "NOT_FOUND" in unknown.stderr
