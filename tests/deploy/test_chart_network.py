"""Who may talk to whom, and whether they find and believe each other."""

from pathlib import Path
from typing import Any

import pytest

from tests.deploy.rendered import (
    ADAPTER,
    EXAMPLES,
    NAMESPACE,
    QUICKSTART,
    Manifest,
    environment,
    example_name,
    manifests,
    of_kind,
    pods,
    services,
)

SPLIT = [values for values in EXAMPLES if values != QUICKSTART]
each_split = pytest.mark.parametrize("values", SPLIT, ids=example_name)
GRPC = {50051, "grpc"}


def labels(objects: list[Manifest]) -> dict[str, dict[str, str]]:
    """The labels of each pod, by component."""
    found = {
        name: made["spec"]["template"]["metadata"]["labels"]
        for kind in ("Deployment", "Job")
        for name, made in of_kind(objects, kind).items()
    }
    tests = of_kind(objects, "Pod")
    return found | {name: pod["metadata"]["labels"] for name, pod in tests.items()}


def selects(selector: Manifest, pod: dict[str, str]) -> bool:
    wanted: dict[str, str] = selector.get("matchLabels", {})
    return wanted.items() <= pod.items()


def admits(rules: list[Manifest], end: str, pod: dict[str, str]) -> bool:
    """Say whether *rules* let gRPC to or from a pod of the same namespace."""
    return any(
        "ipBlock" not in peer
        and not peer.get("namespaceSelector")
        and selects(peer.get("podSelector", {}), pod)
        for rule in rules
        if GRPC & {port["port"] for port in rule["ports"]}
        for peer in rule[end]
    )


@each_split
def test_calls_go_in_one_direction_only(values: Path | None) -> None:
    objects = manifests(values)
    policies = of_kind(objects, "NetworkPolicy")
    known = labels(objects)

    arrows = {
        (caller, called)
        for caller in known
        for called in known
        if admits(policies[caller]["spec"].get("egress", []), "to", known[called])
        and admits(policies[called]["spec"].get("ingress", []), "from", known[caller])
    }

    assert arrows == {
        ("policy", "accounts"),
        ("worker", "accounts"),
        ("accounts", "detector"),
        ("test", "policy"),
        ("test", "accounts"),
        ("test", "detector"),
    }


@pytest.mark.parametrize("values", EXAMPLES, ids=example_name)
def test_every_pod_has_one_policy_for_both_directions(values: Path | None) -> None:
    objects = manifests(values)
    policies = of_kind(objects, "NetworkPolicy")

    for pod in labels(objects).values():
        chosen = [
            name
            for name, found in policies.items()
            if selects(found["spec"]["podSelector"], pod)
        ]
        assert chosen == [pod["app.kubernetes.io/component"]]
        assert policies[chosen[0]]["spec"]["policyTypes"] == ["Ingress", "Egress"]


def test_only_who_has_a_database_reaches_one() -> None:
    policies = of_kind(manifests(), "NetworkPolicy")

    reach = {
        name
        for name, found in policies.items()
        for rule in found["spec"].get("egress", [])
        if 5432 in {port["port"] for port in rule["ports"]}
    }

    assert reach == {
        "accounts",
        "policy",
        "worker",
        "migrate-accounts",
        "migrate-policy",
    }
    detector: list[Any] = policies["detector"]["spec"]["egress"]
    assert [{port["port"] for port in rule["ports"]} for rule in detector] == [{53}]


def test_traces_reach_their_receiver_and_bear_the_name_of_who_made_them() -> None:
    endpoint = "http://otel.monitoring.svc:4317"
    objects = manifests(None, f"tracing.endpoint={endpoint}", "tracing.ratio=0")

    for name, container in services(objects).items():
        given = environment(container)
        assert given["OTEL_EXPORTER_OTLP_ENDPOINT"] == endpoint
        assert given["OTEL_SERVICE_NAME"] == f"truepen-{name}"
        assert given["OTEL_TRACES_SAMPLER_ARG"] == "0"
        rules = of_kind(objects, "NetworkPolicy")[name]["spec"]["egress"]
        assert 4317 in {port["port"] for rule in rules for port in rule["ports"]}
    for container in services(manifests()).values():
        assert not any(v.startswith("OTEL_") for v in environment(container))


def test_the_broker_is_reached_by_who_takes_in_and_who_sends_out() -> None:
    objects = manifests(
        None,
        "nats.url=tls://nats.messaging.svc:4222",
        "nats.domain=hub",
        "nats.credentials.existingSecret=broker",
        "nats.ca.configMap=broker-ca",
    )

    policies = of_kind(objects, "NetworkPolicy")
    for name, container in services(objects).items():
        given = environment(container)
        mounted = {mount["mountPath"] for mount in container["volumeMounts"]}
        rules = policies[name]["spec"]["egress"]
        reached = {port["port"] for rule in rules for port in rule["ports"]}
        concerned = name in {"accounts", "worker"}
        assert ("TRUEPEN_NATS_URL" in given) == concerned
        assert ("/etc/truepen/nats" in mounted) == concerned
        assert (4222 in reached) == concerned
        if concerned:
            assert given["TRUEPEN_NATS_CREDENTIALS"] == "/etc/truepen/nats/user.creds"
            assert given["TRUEPEN_NATS_CA"] == "/etc/truepen/nats/ca.crt"
            assert given["TRUEPEN_NATS_DOMAIN"] == "hub"
    for container in services(manifests()).values():
        assert not any(
            name.startswith("TRUEPEN_NATS") for name in environment(container)
        )


def test_each_service_has_the_connections_that_its_values_say() -> None:
    objects = manifests(None, "services.worker.databasePool.size=9")

    given = {name: environment(found) for name, found in services(objects).items()}
    assert given["accounts"]["TRUEPEN_ACCOUNTS_DATABASE_THREADS"] == "4"
    assert given["policy"]["TRUEPEN_POLICY_DATABASE_THREADS"] == "4"
    assert given["worker"]["TRUEPEN_POLICY_DATABASE_THREADS"] == "9"
    assert given["worker"]["TRUEPEN_POLICY_DATABASE_STATEMENT_TIMEOUT_S"] == "30"
    assert not any("DATABASE" in name for name in given["detector"])


def test_callers_are_those_that_somebody_selected() -> None:
    caller = {"podSelector": {"matchLabels": {"app": "publishing"}}}

    objects = manifests(
        None, "services.policy.callers[0].podSelector.matchLabels.app=publishing"
    )

    rules = of_kind(objects, "NetworkPolicy")["policy"]["spec"]["ingress"]
    [calls] = [rule for rule in rules if GRPC & {p["port"] for p in rule["ports"]}]
    own = {"app.kubernetes.io/component": "test"}
    others = [
        peer
        for peer in calls["from"]
        if not own.items() <= peer["podSelector"].get("matchLabels", {}).items()
    ]
    assert others == [caller]


@each_split
def test_targets_are_headless_services_whose_certificates_bear_that_name(
    values: Path | None,
) -> None:
    objects = manifests(values)
    found = of_kind(objects, "Service")
    certificates = of_kind(objects, "Certificate")

    targets = [
        (variable, target)
        for container in services(objects).values()
        for variable, target in environment(container).items()
        if variable.endswith("_TARGET")
    ]
    assert len(targets) == 3
    for variable, target in targets:
        called = variable.split("_")[2].lower()
        host, _, port = target.removeprefix("dns:///").rpartition(":")
        name = found[called]["metadata"]["name"]
        assert host.startswith(f"{name}.{NAMESPACE}.svc.")
        assert found[called]["spec"]["clusterIP"] == "None"
        assert {
            "name": "grpc",
            "port": int(port),
            "targetPort": "grpc",
        }.items() <= next(
            p for p in found[called]["spec"]["ports"] if p["name"] == "grpc"
        ).items()
        if certificates:
            assert host in certificates[called]["spec"]["dnsNames"]


def test_nobody_can_call_the_worker() -> None:
    objects = manifests()

    ports = of_kind(objects, "Service")["worker"]["spec"]["ports"]
    assert [port["name"] for port in ports] == ["metrics"]


def test_each_pod_has_a_certificate_of_its_own() -> None:
    objects = manifests()
    made = {
        name: found["spec"]["secretName"]
        for name, found in of_kind(objects, "Certificate").items()
        if name != "ca"
    }

    for name, pod in pods(objects):
        mounted = [
            v["secret"]["secretName"] for v in pod["volumes"] if v["name"] == "tls"
        ]
        assert mounted == ([] if name.startswith("migrate-") else [made[name]])


def test_a_bundle_lets_two_authorities_overlap() -> None:
    objects = manifests(None, "tls.caBundle.configMap=authorities")

    for name, pod in pods(objects):
        for volume in pod["volumes"]:
            if volume["name"] == "tls":
                secret, bundle = volume["projected"]["sources"]
                assert [i["path"] for i in secret["secret"]["items"]] == [
                    "tls.crt",
                    "tls.key",
                ]
                assert bundle["configMap"]["name"] == "authorities", name


def test_detector_scales_by_its_queue_only_where_that_can_be_seen() -> None:
    def metrics(*sets: str, apis: tuple[str, ...] = ()) -> list[str]:
        scalers = of_kind(manifests(None, *sets, apis=apis), "HorizontalPodAutoscaler")
        return [metric["type"] for metric in scalers["detector"]["spec"]["metrics"]]

    always = "services.detector.autoscaling.queueDepth.enabled=always"
    never = "services.detector.autoscaling.queueDepth.enabled=never"
    adapter = (ADAPTER,)
    assert metrics() == ["Resource"]
    assert metrics(apis=adapter) == ["Resource", "Pods"]
    assert metrics(always) == ["Resource", "Pods"]
    assert metrics(never, apis=adapter) == ["Resource"]


def test_who_scales_by_itself_is_not_set_back_by_an_upgrade() -> None:
    objects = manifests()

    scaled = of_kind(objects, "HorizontalPodAutoscaler").keys()
    for name, found in of_kind(objects, "Deployment").items():
        assert ("replicas" in found["spec"]) is (name not in scaled)
