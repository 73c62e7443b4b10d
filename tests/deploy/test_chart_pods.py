"""What runs, and how little it may do, read from the rendered chart."""

from pathlib import Path

import pytest

from services.accounts.settings import AccountsSettings
from services.detector.settings import DetectorSettings
from services.policy.settings import PolicySettings
from services.runtime.settings import RuntimeSettings, Settings, load
from tests.deploy.rendered import (
    EXAMPLES,
    QUICKSTART,
    component,
    environment,
    example_name,
    manifests,
    of_kind,
    pods,
    services,
)

READ: dict[str, tuple[type[Settings], ...]] = {
    "services.detector": (RuntimeSettings, DetectorSettings),
    "services.accounts": (RuntimeSettings, AccountsSettings),
    "services.policy": (RuntimeSettings, PolicySettings),
    "serve": (RuntimeSettings, DetectorSettings, AccountsSettings, PolicySettings),
    "accounts": (RuntimeSettings, DetectorSettings, AccountsSettings, PolicySettings),
    "policy": (RuntimeSettings, DetectorSettings, AccountsSettings, PolicySettings),
}
"""The settings that a process reads, by the last word of its command."""

each_example = pytest.mark.parametrize("values", EXAMPLES, ids=example_name)


@each_example
def test_no_container_may_do_more_than_it_must(values: Path | None) -> None:
    for name, pod in pods(manifests(values)):
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["runAsUser"] >= 10_000, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, name
            assert container["resources"]["requests"].keys() == {"cpu", "memory"}, name
            assert "memory" in container["resources"]["limits"], name


@each_example
def test_no_service_link_becomes_a_setting_that_is_not_known(
    values: Path | None,
) -> None:
    assert all(pod["enableServiceLinks"] is False for _, pod in pods(manifests(values)))


@each_example
def test_probes_ask_for_health_where_health_is_served(values: Path | None) -> None:
    for name, container in services(manifests(values)).items():
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        given = environment(container)
        assert str(ports["health"]) == given["TRUEPEN_HEALTH_PORT"]
        assert str(ports["grpc"]) == given["TRUEPEN_PORT"]
        assert str(ports["metrics"]) == given["TRUEPEN_METRICS_PORT"]
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            assert container[probe]["grpc"]["port"] == ports["health"], (name, probe)


@each_example
def test_pods_are_given_longer_than_calls_to_finish(values: Path | None) -> None:
    for found in of_kind(manifests(values), "Deployment").values():
        pod = found["spec"]["template"]["spec"]
        [container] = pod["containers"]
        pause = container["lifecycle"]["preStop"]["sleep"]["seconds"]
        grace = float(environment(container)["TRUEPEN_GRACE_S"])
        assert pod["terminationGracePeriodSeconds"] > pause + grace


@each_example
def test_each_process_knows_every_variable_it_is_given(
    values: Path | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, pod in pods(manifests(values)):
        [container] = pod["containers"]
        read = READ.get(container["command"][-1], (RuntimeSettings,))
        with monkeypatch.context() as given:
            for variable, value in environment(container).items():
                given.setenv(variable, value)
            runtime, *_ = load(*read)
        assert isinstance(runtime, RuntimeSettings), name


@each_example
def test_entries_of_the_secret_go_only_where_they_are_needed(
    values: Path | None,
) -> None:
    seen: dict[str, set[str]] = {}
    for name, pod in pods(manifests(values)):
        given = environment(pod["containers"][0]).values()
        seen[name] = {v.removeprefix("secret:") for v in given if v[:7] == "secret:"}
        for volume in pod["volumes"]:
            if volume.get("secret", {}).get("secretName") == "truepen":
                seen[name] |= {item["key"] for item in volume["secret"]["items"]}

    if values == QUICKSTART:
        assert seen == {"suite": set(), "test": set()}
        return
    token = {"token-key", "token-key-other"}
    fingerprint = {"fingerprint-key", "fingerprint-key-other"}
    accounts, policy = {"accounts-database-url"}, {"policy-database-url"}
    assert seen == {
        "detector": token,
        "accounts": token | fingerprint | accounts,
        "policy": token | policy,
        "worker": token | policy,
        "migrate-accounts": accounts,
        "migrate-policy": policy,
        "test": set(),
    }


def test_a_key_that_replaces_another_need_not_be_there() -> None:
    for _, pod in pods(manifests()):
        for entry in pod["containers"][0].get("env", []):
            optional = (
                entry.get("valueFrom", {}).get("secretKeyRef", {}).get("optional")
            )
            assert (optional is True) is entry["name"].endswith("_OTHER")


@each_example
def test_whatever_a_pod_mounts_is_there(values: Path | None) -> None:
    for name, pod in pods(manifests(values)):
        volumes = {volume["name"] for volume in pod["volumes"]}
        mounted = [mount["name"] for mount in pod["containers"][0]["volumeMounts"]]
        assert set(mounted) == volumes, name
        assert len(mounted) == len(volumes), name


def test_only_the_worker_follows_what_changes() -> None:
    found = services(manifests())

    follows = {
        name: environment(container).get("TRUEPEN_POLICY_WORKER")
        for name, container in found.items()
    }
    assert follows == {
        "detector": None,
        "accounts": None,
        "policy": "false",
        "worker": "true",
    }
    assert found["worker"]["command"] == found["policy"]["command"]


def test_the_quickstart_needs_nothing_that_is_not_in_it() -> None:
    objects = manifests(QUICKSTART)

    [deployment] = of_kind(objects, "Deployment").values()
    assert deployment["spec"]["replicas"] == 1
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}
    made = {(found["kind"], found["metadata"]["name"]) for found in objects}
    for _, pod in pods(objects):
        assert ("ServiceAccount", pod["serviceAccountName"]) in made
        for volume in pod["volumes"]:
            if "secret" in volume:
                assert ("Secret", volume["secret"]["secretName"]) in made
            if "persistentVolumeClaim" in volume:
                claim = volume["persistentVolumeClaim"]["claimName"]
                assert ("PersistentVolumeClaim", claim) in made
    kinds = {found["apiVersion"] for found in objects}
    assert kinds == {"v1", "apps/v1", "policy/v1", "networking.k8s.io/v1"}


def test_schemas_are_migrated_before_the_pods_that_expect_them() -> None:
    jobs = of_kind(manifests(), "Job")

    assert jobs.keys() == {"migrate-accounts", "migrate-policy"}
    for name, job in jobs.items():
        notes = job["metadata"]["annotations"]
        assert notes["helm.sh/hook"] == "pre-install,pre-upgrade"
        [container] = job["spec"]["template"]["spec"]["containers"]
        database = name.removeprefix("migrate-")
        assert container["command"] == ["truepen", "migrate", database]


def test_what_a_migration_needs_is_there_before_it() -> None:
    hooks = [
        found
        for found in manifests()
        if component(found).startswith("migrate-") and found["kind"] != "Job"
    ]

    assert {found["kind"] for found in hooks} == {"ServiceAccount", "NetworkPolicy"}
    for found in hooks:
        assert int(found["metadata"]["annotations"]["helm.sh/hook-weight"]) < 0


ZERO = pytest.mark.parametrize(
    ("given", "variable", "expected"),
    [
        ("config.TRUEPEN_ACCOUNTS_REPORTS_PER_DAY=0", "REPORTS_PER_DAY", "0"),
        ("config.TRUEPEN_ACCOUNTS_DURABLE=false", "DURABLE", "false"),
        ("config.TRUEPEN_ACCOUNTS_POLL_S=0.25", "POLL_S", "0.25"),
        ("config.TRUEPEN_ACCOUNTS_REPORTS_PER_DAY=1000000", "PER_DAY", "1000000"),
    ],
)


@ZERO
def test_a_setting_reaches_the_process_as_it_was_written(
    given: str, variable: str, expected: str
) -> None:
    found = environment(
        services(manifests(None, f"services.accounts.{given}"))["accounts"]
    )

    [value] = [found[name] for name in found if name.endswith(variable)]
    assert value == expected


def test_nought_and_false_are_values_and_not_absence() -> None:
    objects = manifests(
        None,
        "services.worker.replicas=0",
        "services.detector.autoscaling.enabled=false",
        "services.detector.replicas=0",
        "services.policy.disruptionBudget.enabled=false",
        "services.accounts.service.headless=false",
        "services.accounts.autoscaling.scaleDownSeconds=0",
        "drain.preStopSeconds=0",
        "drain.graceSeconds=0",
        "migrations.backoffLimit=0",
    )

    deployments = of_kind(objects, "Deployment")
    assert deployments["worker"]["spec"]["replicas"] == 0
    assert deployments["detector"]["spec"]["replicas"] == 0
    scalers = of_kind(objects, "HorizontalPodAutoscaler")
    assert scalers.keys() == {"accounts", "policy"}
    behaviour = scalers["accounts"]["spec"]["behavior"]
    assert behaviour["scaleDown"]["stabilizationWindowSeconds"] == 0
    assert "policy" not in of_kind(objects, "PodDisruptionBudget")
    assert "clusterIP" not in of_kind(objects, "Service")["accounts"]["spec"]
    assert of_kind(objects, "Service")["policy"]["spec"]["clusterIP"] == "None"
    pod = deployments["worker"]["spec"]["template"]["spec"]
    assert "lifecycle" not in pod["containers"][0]
    assert environment(pod["containers"][0])["TRUEPEN_GRACE_S"] == "0"
    assert pod["terminationGracePeriodSeconds"] == 15
    assert all(j["spec"]["backoffLimit"] == 0 for j in of_kind(objects, "Job").values())
