"""Commands that ask a running suite: real server, fake answers."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from typer.testing import CliRunner

from services.cli.main import app
from truepen.accounts.v1 import (
    accounts_service_pb2,
    accounts_service_pb2_grpc,
    profile_pb2,
    reports_service_pb2,
    reports_service_pb2_grpc,
)
from truepen.policy.v1 import (
    decisions_pb2,
    enforcement_service_pb2,
    enforcement_service_pb2_grpc,
)


class FakeSuite(
    accounts_service_pb2_grpc.AccountsServiceServicer,
    reports_service_pb2_grpc.ReportsServiceServicer,
    enforcement_service_pb2_grpc.EnforcementServiceServicer,
):
    """Gives back the names it is asked for."""

    def GetProfile(self, request: Any, context: Any) -> Any:
        profile = profile_pb2.Profile(name=request.name, activity_count=3)
        return accounts_service_pb2.GetProfileResponse(profile=profile)

    def GetStanding(self, request: Any, context: Any) -> Any:
        if "unknown" in request.name:
            context.abort(grpc.StatusCode.NOT_FOUND, "no such account")
        tier = decisions_pb2.TIER_WARNING
        standing = decisions_pb2.Standing(name=request.name, tier=tier)
        return enforcement_service_pb2.GetStandingResponse(standing=standing)

    def CreateReport(self, request: Any, context: Any) -> Any:
        report = reports_service_pb2.Report(
            name=f"reports/{request.request_id}",
            target_account=request.target_account,
            reporter=request.reporter,
            category=request.category,
            contents=request.contents,
        )
        return reports_service_pb2.CreateReportResponse(report=report)


@pytest.fixture(scope="module")
def target() -> Iterator[str]:
    """Where a fake suite listens."""
    server = grpc.server(ThreadPoolExecutor(1))
    fake = FakeSuite()  # type: ignore[abstract]  # the rest is not asked for
    accounts_service_pb2_grpc.add_AccountsServiceServicer_to_server(fake, server)
    reports_service_pb2_grpc.add_ReportsServiceServicer_to_server(fake, server)
    enforcement_service_pb2_grpc.add_EnforcementServiceServicer_to_server(fake, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None).wait()


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize("account", ["alice", "accounts/alice"])
def test_a_standing_is_printed_as_json_in_a_pipe(target: str, account: str) -> None:
    result = run("standing", account, "--target", target)

    standing = json.loads(result.stdout)
    assert standing["name"] == "accounts/alice/standing"
    assert standing["tier"] == "TIER_WARNING"
    assert standing["can_publish"] is False


def test_a_profile_is_printed_with_the_names_of_the_contract(target: str) -> None:
    profile = json.loads(run("profile", "alice", "--target", target).stdout)

    assert profile["name"] == "accounts/alice/profile"
    assert profile["activity_count"] == "3"


def test_a_report_is_made_once_per_request_id(target: str) -> None:
    request_id = "8b5c1f5e-6d1a-4a39-9d4b-0f4f3f8b8a11"
    result = run(
        "report",
        "bot",
        *("--reporter", "alice", "--category", "hosted_account"),
        *("--content", "n1", "--content", "n2"),
        *("--request-id", request_id, "--target", target),
    )

    report = json.loads(result.stdout)
    assert report["name"] == f"reports/{request_id}"
    assert report["target_account"] == "accounts/bot"
    assert report["reporter"] == "accounts/alice"
    assert report["category"] == "REPORT_CATEGORY_HOSTED_ACCOUNT"
    assert report["contents"] == ["n1", "n2"]


def test_a_refusal_is_one_line_and_an_exit_code(target: str) -> None:
    result = run("standing", "unknown", "--target", target)

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith(f"{target}: NOT_FOUND")


def test_a_suite_that_is_not_there_is_told(free_port: int) -> None:
    result = run("standing", "alice", "--target", f"127.0.0.1:{free_port}")

    assert result.exit_code == 1
    assert "UNAVAILABLE" in result.stderr
    assert "truepen serve" in result.stderr


def test_no_target_is_refused_before_anything_is_asked() -> None:
    result = run("standing", "alice", "--target", "")

    assert result.exit_code == 2
    assert "HOST:PORT" in result.stderr


@pytest.mark.parametrize("command", [["standing", "a"], ["case", "list"]])
def test_a_wrong_setting_is_named_by_commands_that_ask(
    target: str, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUEPEN_GRACE_S", "soon")

    result = run(*command, "--target", target)

    assert result.exit_code == 2
    assert "TRUEPEN_GRACE_S" in result.stderr
