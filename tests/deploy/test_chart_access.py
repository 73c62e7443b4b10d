"""Who may do what, as the chart tells the services."""

from pathlib import Path

import pytest
import yaml

from services.runtime.access import Access
from services.runtime.roles import ROLES
from tests.deploy.rendered import (
    CHART,
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

PLAINTEXT = ("tls.mode=none", "tls.acceptPlaintext=true")
CLUSTER = "access.cluster.enabled=true"


def access(objects: list[Manifest]) -> dict[str, Access]:
    """The access file of each service, as the service reads it."""
    return {
        name: Access.model_validate(yaml.safe_load(found["data"]["access.yaml"]))
        for name, found in of_kind(objects, "ConfigMap").items()
        if "access.yaml" in found["data"]
    }


def granted(objects: list[Manifest]) -> dict[str, dict[str, set[str]]]:
    """The roles that each service grants, by certificate or subject."""
    return {
        name: {
            grant.certificate or grant.subject or "": set(grant.roles)
            for grant in found.callers
        }
        for name, found in access(objects).items()
    }


def names(name: str) -> str:
    return f"truepen-{name}.{NAMESPACE}.svc.cluster.local"


@pytest.mark.parametrize("values", EXAMPLES, ids=example_name)
def test_each_service_is_told_who_may_call_it(values: Path | None) -> None:
    objects = manifests(values)

    assert access(objects).keys() == services(objects).keys()
    for container in services(objects).values():
        folder, _, _ = environment(container)["TRUEPEN_ACCESS_FILE"].rpartition("/")
        mounts = {
            mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]
        }
        assert mounts[folder] == "access"


def test_by_default_only_the_chart_itself_may_call() -> None:
    test = {names("test"): {"reader"}}
    following = {"writer", "moderator"}

    assert granted(manifests()) == {
        "detector": {**test, names("accounts"): {"reader"}},
        "accounts": {**test, names("policy"): following, names("worker"): following},
        "policy": test,
        "worker": test,
    }


def test_the_quickstart_has_a_certificate_that_may_do_everything() -> None:
    objects = manifests(QUICKSTART)

    assert granted(objects)["suite"][names("client")] == {"admin", "engineer"}
    [secret] = of_kind(objects, "Secret").values()
    assert {"client.crt", "client.key", "ca.crt"} <= secret["data"].keys()


def test_callers_that_somebody_named_are_known_everywhere() -> None:
    objects = manifests(
        None,
        "access.callers[0].certificate=feed.prod.svc",
        "access.callers[0].roles[0]=reader",
        "access.callers[0].rate=500",
    )

    for found in access(objects).values():
        [grant] = [
            grant for grant in found.callers if grant.certificate == "feed.prod.svc"
        ]
        assert grant.roles == ("reader",)
        assert grant.rate == 500


def test_the_schema_knows_each_role_and_no_other() -> None:
    schema = yaml.safe_load((CHART / "values.schema.json").read_text(encoding="utf-8"))

    known = schema["definitions"]["caller"]["properties"]["roles"]["items"]["enum"]
    assert set(known) == ROLES


def test_tokens_of_the_cluster_are_checked_as_the_cluster_asks() -> None:
    objects = manifests(None, CLUSTER)

    for name, found in access(objects).items():
        [issuer] = found.issuers
        assert issuer.name == "cluster"
        spec = of_kind(objects, "Deployment")[name]["spec"]["template"]["spec"]
        [volume] = [v for v in spec["volumes"] if v["name"] == "cluster"]
        [mount] = [
            m for m in spec["containers"][0]["volumeMounts"] if m["name"] == "cluster"
        ]
        token, authority = volume["projected"]["sources"]
        given = mount["mountPath"]
        assert (
            str(issuer.bearer_file) == f"{given}/{token['serviceAccountToken']['path']}"
        )
        assert (
            str(issuer.ca_file)
            == f"{given}/{authority['configMap']['items'][0]['path']}"
        )


def test_callers_with_tokens_have_a_port_of_their_own_beside_certificates() -> None:
    without, having = manifests(), manifests(None, CLUSTER)

    for name, container in services(without).items():
        assert "TRUEPEN_BEARER_PORT" not in environment(container)
        given = environment(services(having)[name])
        ports = {p["name"]: p["containerPort"] for p in services(having)[name]["ports"]}
        assert given["TRUEPEN_BEARER_PORT"] == str(ports["bearer"])
    for name in ("detector", "accounts", "policy"):
        [rule, *_] = of_kind(having, "NetworkPolicy")[name]["spec"]["ingress"]
        assert [port["port"] for port in rule["ports"]] == ["grpc", "bearer"]
        shown = of_kind(having, "Service")[name]["spec"]["ports"]
        assert "bearer" in {port["name"] for port in shown}


def test_in_a_mesh_services_know_each_other_by_token() -> None:
    objects = manifests(None, CLUSTER, *PLAINTEXT)

    following = {"writer", "moderator"}
    account = f"system:serviceaccount:{NAMESPACE}:truepen"
    assert granted(objects)["accounts"] == {
        f"{account}-test": {"reader"},
        f"{account}-policy": following,
        f"{account}-worker": following,
    }
    shows = {
        name
        for name, pod in pods(objects)
        if "TRUEPEN_BEARER_FILE" in environment(pod["containers"][0])
    }
    assert shows == {"accounts", "policy", "worker", "test"}
    for name, pod in pods(objects):
        audiences = [
            source["serviceAccountToken"]["audience"]
            for volume in pod["volumes"]
            if volume["name"] == "token"
            for source in volume["projected"]["sources"]
        ]
        assert audiences == (["truepen"] if name in shows else [])


@pytest.mark.parametrize("values", EXAMPLES, ids=example_name)
def test_no_pod_has_a_token_unless_that_was_asked_for(values: Path | None) -> None:
    for _, pod in pods(manifests(values)):
        for volume in pod["volumes"]:
            for source in volume.get("projected", {}).get("sources", []):
                assert "serviceAccountToken" not in source


def test_where_nothing_tells_who_asks_the_test_asks_for_health_alone() -> None:
    def arguments(*sets: str) -> list[str]:
        [spec] = [s for n, s in pods(manifests(QUICKSTART, *sets)) if n == "test"]
        found: list[str] = spec["containers"][0]["args"]
        return found

    assert "--health-only" in arguments("tls.mode=none")
    assert "--health-only" not in arguments("tls.mode=none", CLUSTER)
    assert "--health-only" not in arguments()
