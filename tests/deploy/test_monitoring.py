"""What Prometheus and Grafana are told, and whether they find it."""

import json

import yaml
from prometheus_client import CollectorRegistry

from services.detector.metrics import DetectorMetrics
from tests.deploy.rendered import ADAPTER, CHART, manifests, of_kind, services

EKS = CHART / "ci" / "eks-values.yaml"
DASHBOARDS = sorted((CHART / "files" / "dashboards").glob("*.json"))


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
    registry = CollectorRegistry()
    DetectorMetrics(registry)

    scalers = of_kind(manifests(EKS, apis=(ADAPTER,)), "HorizontalPodAutoscaler")

    [found] = [m["pods"] for m in scalers["detector"]["spec"]["metrics"] if "pods" in m]
    assert registry.get_sample_value(found["metric"]["name"]) == 0
