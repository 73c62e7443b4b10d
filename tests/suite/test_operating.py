"""What the operating pages show to paste works when pasted, and names what exists."""

import asyncio
import json
import re
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen
from uuid import uuid4

import grpc
import pytest
import yaml
from prometheus_client import start_http_server
from prometheus_client.parser import text_string_to_metric_families

from services.runtime.process import wire
from services.suite import suite
from tests.commands import Answer, answered
from tests.suite.running import suite_settings
from truepen.accounts.v1 import (
    activities_pb2,
    reports_service_pb2,
    reports_service_pb2_grpc,
)
from truepen.policy.v1 import (
    appeals_service_pb2,
    appeals_service_pb2_grpc,
    cases_service_pb2,
    cases_service_pb2_grpc,
    decisions_pb2,
    enforcement_service_pb2,
    enforcement_service_pb2_grpc,
)

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
FILES = ROOT / "deploy" / "k8s" / "files"
ALERTS = FILES / "alerts.yaml"
DASHBOARDS = sorted((FILES / "dashboards").glob("*.json"))
RUNBOOKS = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
PAGE = ROOT / "docs" / "operating.md"

STRINGS = re.compile(r'"(?:\\.|[^"\\])*"')
NAME = re.compile(r"\b(?:rpc|detector|accounts|policy|tls|tokens)_[a-z0-9_]+\b")

ENDINGS = {
    "counter": ("_total",),
    "gauge": ("",),
    "histogram": ("_bucket", "_count", "_sum"),
}

needs_programs = pytest.mark.skipif(
    shutil.which("grpcurl", path=str(PROGRAMS)) is None or shutil.which("curl") is None,
    reason="grpcurl is not beside the interpreter, or there is no curl",
)


@dataclass
class Running:
    """A suite with something of everything in it, and where its metrics are."""

    port: int
    metrics_port: int
    folder: Path
    case: str
    appeal: str

    def scraped(self) -> dict[str, set[str]]:
        """What a scrape finds: each metric by the name it is asked by, its samples."""
        with urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics") as page:
            text = page.read().decode()
        return {
            family.name + ("_total" if family.type == "counter" else ""): {
                family.name + ending for ending in ENDINGS[family.type]
            }
            for family in text_string_to_metric_families(text)
            if not family.name.endswith("_created")
        }

    async def paste(self, command: str) -> tuple[int, str]:
        """Run *command* in a shell here: exit code and output."""
        if re.match(r"truepen (case|appeal) (?!.*--target)", command):
            command += " --target localhost:50051"
        for shown, meant in (
            ("localhost:50051", f"127.0.0.1:{self.port}"),
            ("localhost:9464", f"127.0.0.1:{self.metrics_port}"),
            ("--data-dir var", f"--data-dir {self.folder}"),
            ("var/", f"{self.folder}/"),
            ("CASE", self.case),
            ("APPEAL", self.appeal),
            ("RULE", "hosted-ban"),
            ("-backup.db", f"-{uuid4().hex}.db"),
        ):
            command = command.replace(shown, meant)
        process = await asyncio.create_subprocess_shell(
            command,
            cwd=self.folder,
            env={
                "PATH": f"{PROGRAMS}:/usr/bin:/bin",
                "PYTHONPATH": f"{ROOT}:{ROOT}/protos/gen",
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await asyncio.wait_for(process.communicate(), 60)
        return process.returncode or 0, output.decode()


@asynccontextmanager
async def everything(folder: Path) -> AsyncIterator[Running]:
    """A suite on which something of each kind has happened."""
    settings = suite_settings(folder, {"metrics_port": 0}, {"debounce_s": 0.0})
    wiring = wire(settings.runtime)
    async with suite(settings, wiring) as server:
        served, thread = start_http_server(0, "127.0.0.1", registry=wiring.registry)
        async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            case, appeal = await happen(channel)
        yield Running(server.port, served.server_port, folder, case, appeal)
        served.shutdown()
        served.server_close()
        thread.join()


async def happen(channel: grpc.aio.Channel) -> tuple[str, str]:
    """Record, report, decide and appeal; names of the case and the appeal."""
    enforcement: Any = enforcement_service_pb2_grpc.EnforcementServiceStub(channel)
    activity = activities_pb2.Activity(
        id="n1",
        account="accounts/a1",
        type=activities_pb2.ACTIVITY_TYPE_NOTE,
        text="地铁上睡着坐过站，坐到终点站才醒，回来又坐过两站。",
    )
    activity.event_time.FromDatetime(datetime.now(UTC) - timedelta(minutes=1))
    await enforcement.ReviewActivity(
        enforcement_service_pb2.ReviewActivityRequest(activity=activity), timeout=30
    )
    await reports_service_pb2_grpc.ReportsServiceStub(channel).CreateReport(
        reports_service_pb2.CreateReportRequest(
            target_account="accounts/a1",
            reporter="accounts/r1",
            category=reports_service_pb2.REPORT_CATEGORY_AI_CONTENT,
            request_id=str(uuid4()),
        )
    )
    decided = await enforcement.OverrideDecision(
        enforcement_service_pb2.OverrideDecisionRequest(
            account="accounts/a1",
            tier=decisions_pb2.TIER_WARNING,
            ground=decisions_pb2.GROUND_AI_CONTENT,
            reason="seen by a person",
            request_id=str(uuid4()),
        ),
        metadata=[("truepen-identity", "decider")],
    )
    filed = await appeals_service_pb2_grpc.AppealsServiceStub(channel).CreateAppeal(
        appeals_service_pb2.CreateAppealRequest(
            decision=decided.decision.name,
            ground=appeals_service_pb2.APPEAL_GROUND_WRONG_FINDING,
            statement="I write every note myself.",
            request_id=str(uuid4()),
        )
    )
    async with asyncio.timeout(20):
        while not await first_case(channel):  # noqa: ASYNC110  # others change it
            await asyncio.sleep(0.05)
    return await first_case(channel), filed.appeal.name


async def first_case(channel: grpc.aio.Channel) -> str:
    """Name of a case that is there; empty where none is."""
    cases: Any = cases_service_pb2_grpc.CasesServiceStub(channel)
    found = await cases.ListCases(cases_service_pb2.ListCasesRequest())
    return found.cases[0].name if found.cases else ""


def expressions(node: Any) -> Iterator[str]:
    """All that Prometheus is asked in an alert file or a dashboard."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in {"expr", "query"} and isinstance(value, str):
                yield value
            yield from expressions(value)
    elif isinstance(node, list):
        for value in node:
            yield from expressions(value)


def asked(document: Any) -> set[str]:
    """Names of the metrics in *document*."""
    return {
        name
        for expression in expressions(document)
        for name in NAME.findall(STRINGS.sub("", expression))
    }


def alerts() -> list[dict[str, Any]]:
    document = yaml.safe_load(ALERTS.read_text("utf8"))
    return [rule for group in document["groups"] for rule in group["rules"]]


async def test_alerts_dashboards_and_page_name_the_metrics_that_a_scrape_finds(
    tmp_path: Path,
) -> None:
    async with everything(tmp_path) as running:
        scraped = await asyncio.to_thread(running.scraped)
    samples = set().union(*scraped.values())

    for path in DASHBOARDS:
        names = asked(json.loads(path.read_text("utf8")))
        assert names
        assert names - samples == set(), path.name
    names = asked(yaml.safe_load(ALERTS.read_text("utf8")))
    assert names
    assert names - samples == set()
    rows = re.findall(r"^\| (`.*?) \|", PAGE.read_text("utf8"), re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`([a-z_]+)", row)}
    assert {name for name in told if NAME.fullmatch(name)} == set(scraped)


def test_a_metric_that_does_not_exist_would_be_seen() -> None:
    found = asked({"expr": 'sum by (policy) (rate(policy_x_total{a="policy_y"}[5m]))'})

    assert found == {"policy_x_total"}


def test_each_alert_has_a_runbook_and_each_runbook_an_alert() -> None:
    pages = {rule["annotations"]["runbook"]: rule["alert"] for rule in alerts()}

    assert {ROOT / page for page in pages} == set(RUNBOOKS)
    for page, alert in pages.items():
        text = (ROOT / page).read_text("utf8")
        assert f"Alert: `{alert}`" in text
        for part in ("## What it means", "## What to look at", "## What to do"):
            assert part in text
    for rule in alerts():
        assert rule["annotations"]["summary"]
        assert rule["labels"]["severity"] in {"critical", "warning"}


@pytest.mark.slow
@needs_programs
async def test_commands_of_the_pages_work(tmp_path: Path) -> None:
    failed = {}
    ran = 0
    async with everything(tmp_path) as running:
        for command in answered(Answer.OPERATING):
            ran += 1
            code, output = await running.paste(command.text)
            quiet = "| grep" in command.text and not output  # nothing of it yet
            if code and not quiet:
                failed[str(command)] = output

    assert failed == {}, json.dumps(failed, indent=1)
    assert ran > 40
