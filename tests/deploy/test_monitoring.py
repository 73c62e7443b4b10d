"""Alerts and dashboards ask only for metrics that the services have."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

from services.detector.metrics import DetectorMetrics
from services.policy.metrics import PolicyMetrics
from services.runtime.metrics import RpcMetrics
from tests.deploy.rendered import ADAPTER, CHART, manifests, of_kind, services

EKS = CHART / "ci" / "eks-values.yaml"
DASHBOARDS = sorted((CHART / "files" / "dashboards").glob("*.json"))
NOT_METRICS = re.compile(
    r'"(?:\\.|[^"\\])*"|\[[^\]]*\]|\b(?:by|without|on|ignoring)\s*\([^)]*\)'
)
WORD = re.compile(r"\b[a-z][a-z0-9_]*_[a-z0-9_]+\b")
FUNCTIONS = {"histogram_quantile", "label_values", "group_left", "group_right"}


def exposed() -> set[str]:
    """The names of every sample that a process may expose."""
    registry = CollectorRegistry()
    for metrics in (RpcMetrics, DetectorMetrics, PolicyMetrics):
        metrics(registry)
    endings = {
        "counter": ("_total",),
        "gauge": ("",),
        "histogram": ("_bucket", "_count", "_sum"),
    }
    return {
        family.name + ending
        for family in registry.collect()
        for ending in endings[family.type]
    }


def asked(expression: str) -> set[str]:
    """The names of the metrics in *expression*."""
    bare = re.sub(r"\{[^}]*\}", "", NOT_METRICS.sub("", expression))
    return set(WORD.findall(bare)) - FUNCTIONS


def expressions(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in {"expr", "query"} and isinstance(value, str):
                yield value
            yield from expressions(value)
    elif isinstance(node, list):
        for value in node:
            yield from expressions(value)


def test_alerts_ask_for_metrics_that_exist() -> None:
    alerts = yaml.safe_load(
        (CHART / "files" / "alerts.yaml").read_text(encoding="utf-8")
    )

    names = {name for found in expressions(alerts) for name in asked(found)}

    assert names
    assert names - exposed() == set()


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_asks_for_metrics_that_exist(path: Path) -> None:
    dashboard = json.loads(path.read_text(encoding="utf-8"))

    names = {name for found in expressions(dashboard) for name in asked(found)}

    assert names
    assert names - exposed() == set()


def test_a_metric_that_does_not_exist_is_seen() -> None:
    found = asked(
        'sum by (a_label) (rate(rpc_endd_total{some_label="some_value"}[5m]))'
    )

    assert found - exposed() == {"rpc_endd_total"}


def test_alerts_and_dashboards_reach_the_cluster_as_they_are() -> None:
    objects = manifests(EKS, apis=(ADAPTER,))

    [rule] = of_kind(objects, "PrometheusRule").values()
    written = (CHART / "files" / "alerts.yaml").read_text(encoding="utf-8")
    assert rule["spec"] == yaml.safe_load(written)
    laid = {
        name: content
        for found in objects
        if found["kind"] == "ConfigMap"
        for name, content in found["data"].items()
    }
    for path in DASHBOARDS:
        assert json.loads(laid[path.name]) == json.loads(
            path.read_text(encoding="utf-8")
        )


def test_prometheus_finds_each_service_by_a_port_that_it_has() -> None:
    objects = manifests(EKS, apis=(ADAPTER,))

    [monitor] = of_kind(objects, "ServiceMonitor").values()
    wanted = monitor["spec"]["selector"]["matchLabels"]
    [endpoint] = monitor["spec"]["endpoints"]
    found = of_kind(objects, "Service")
    assert found.keys() == services(objects).keys()
    for service in found.values():
        assert wanted.items() <= service["metadata"]["labels"].items()
        assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}


def test_the_autoscaler_asks_for_a_gauge_that_exists() -> None:
    scalers = of_kind(manifests(EKS, apis=(ADAPTER,)), "HorizontalPodAutoscaler")

    [pods] = [m["pods"] for m in scalers["detector"]["spec"]["metrics"] if "pods" in m]
    assert pods["metric"]["name"] in exposed()
