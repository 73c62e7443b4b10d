"""The client package against a real suite."""

import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf.descriptor import MethodDescriptor

from services.client import Client, Kind, ServiceError
from services.client.client import FILES
from services.client.methods import is_repeatable, repeatable
from services.runtime.client import service_config
from services.runtime.errors import DependencyUnavailable
from services.runtime.process import wire
from services.suite import suite
from tests.suite.running import METHODS, suite_settings
from truepen.accounts.v1 import accounts_service_pb2, reports_service_pb2
from truepen.detector.v1 import detector_service_pb2
from truepen.policy.v1 import (
    appeals_service_pb2,
    cases_service_pb2,
    enforcement_service_pb2,
    notices_service_pb2,
    rulesets_service_pb2,
)


async def test_each_stub_reaches_its_service(tmp_path: Path) -> None:
    settings = suite_settings(tmp_path, policy={"worker": False})
    async with (
        suite(settings, wire(settings.runtime)) as server,
        Client(f"localhost:{server.port}") as truepen,
    ):
        standing = enforcement_service_pb2.GetStandingRequest(
            name="accounts/a1/standing"
        )
        notices = notices_service_pb2.ListNoticesRequest(parent="accounts/a1")
        accounts, reports = accounts_service_pb2, reports_service_pb2
        rulesets = rulesets_service_pb2.ListRulesetsRequest()
        answers = [
            await truepen.enforcement.GetStanding(standing),
            await truepen.notices.ListNotices(notices),
            await truepen.appeals.ListAppeals(appeals_service_pb2.ListAppealsRequest()),
            await truepen.cases.ListCases(cases_service_pb2.ListCasesRequest()),
            await truepen.rulesets.ListRulesets(rulesets),
            await truepen.accounts.ListAccounts(accounts.ListAccountsRequest()),
            await truepen.reports.ListReports(reports.ListReportsRequest()),
            await truepen.detector.ListModels(detector_service_pb2.ListModelsRequest()),
        ]
        with pytest.raises(ServiceError) as caught:
            await truepen.enforcement.GetStanding(
                enforcement_service_pb2.GetStandingRequest(name="a1")
            )

    assert len(answers) == 8
    assert caught.value.kind is Kind.INVALID_ARGUMENT
    assert caught.value.reason == "INVALID_FIELD"
    assert caught.value.violations[0].field == "name"


async def test_nobody_there_is_unavailable_within_the_deadline(free_port: int) -> None:
    async with Client(f"localhost:{free_port}") as truepen:
        with pytest.raises(DependencyUnavailable):
            await truepen.enforcement.GetStanding(
                enforcement_service_pb2.GetStandingRequest(name="accounts/a/standing"),
                timeout=3,
            )


def test_what_is_sent_again_was_agreed() -> None:
    """A method is listed here once somebody has thought about it."""
    once_only = {m.name for m in METHODS if not is_repeatable(m)}

    assert once_only == {
        "StreamDetectText",
        "StreamActivities",
        "UpdateAccount",
        "ResolveDeadLetters",
        "EraseAccount",
        "ExportAccount",
        "WithdrawReport",
        "ClaimAppeal",
        "ClaimCase",
        "CreateRuleset",
        "PromoteRuleset",
        "RollbackRuleset",
        "BacktestRuleset",
        "SetBreaker",
    }


def test_everything_that_changes_something_and_is_sent_again_has_a_key() -> None:
    by_request_id = {
        m.name for m in METHODS if "request_id" in m.input_type.fields_by_name
    }

    assert {"CreateReport", "CreateAppeal", "OverrideDecision"} <= by_request_id
    assert all(is_repeatable(m) for m in METHODS if m.name in by_request_id)


def test_the_service_config_names_whole_methods() -> None:
    config = service_config(repeatable(FILES))

    named = {(n["service"], n["method"]) for n in config["methodConfig"][0]["name"]}
    known = {(m.containing_service.full_name, m.name) for m in METHODS}
    assert named < known
    assert ("truepen.policy.v1.EnforcementService", "GetStanding") in named


def test_every_service_has_a_stub() -> None:
    services = {s.full_name for file in FILES for s in file.services_by_name.values()}

    def of(method: MethodDescriptor) -> str:
        return str(method.containing_service.full_name)

    assert services == {of(method) for method in METHODS}


def test_callers_need_neither_models_nor_databases() -> None:
    heavy = "onnxruntime", "tokenizers", "scipy", "numpy", "sqlalchemy", "alembic"
    code = f"import services.client, sys; print([m for m in {heavy!r} if m in sys.modules])"

    printed = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout

    assert printed.strip() == "[]"
