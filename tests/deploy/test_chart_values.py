"""Values that cannot be meant are refused, and the message says what to change."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy import chart_readme, helm
from tests.deploy.rendered import CHART, EXAMPLES, RenderError, example_name, text

WRONG = {
    "a misspelt key": ("mod: single", ["mod"]),
    "a mode there is not": ("mode: triple", ["mode", "single", "split"]),
    "a service there is not": ("services: {detektor: {}}", ["services", "detektor"]),
    "a misspelt key of a service": (
        "services: {policy: {replica: 3}}",
        ["policy", "replica"],
    ),
    "a word for a number": (
        "defaults: {replicas: three}",
        ["defaults", "replicas", "integer"],
    ),
    "a port beyond the last": ("ports: {grpc: 70000}", ["ports", "grpc"]),
    "a tag for a digest": ("image: {digest: latest}", ["image", "digest", "sha256"]),
    "an amount of memory that is none": (
        "services: {detector: {resources: {limits: {memory: much}}}}",
        ["memory"],
    ),
    "a variable of somebody else": ("config: {LOG_LEVEL: debug}", ["LOG_LEVEL"]),
    "a NetworkPolicy peer that is none": (
        "services: {policy: {callers: [{pods: {app: feed}}]}}",
        ["callers", "pods"],
    ),
    "SQLite for several processes": (
        "database: {engine: sqlite}",
        ["mode: single", "postgresql"],
    ),
    "SQLite for several pods": (
        "{mode: single, database: {engine: sqlite}, services: {suite: {replicas: 2}}}",
        ["services.suite", "replicas: 1"],
    ),
    "a PostgreSQL that is nowhere": (
        "secrets: {existingSecret: ''}",
        ["secrets.existingSecret"],
    ),
    "plaintext between services": ("tls: {mode: none}", ["tls.mode", "mesh"]),
    "a certificate that nobody named": (
        "tls: {mode: existingSecrets, existingSecrets: {detector: a, policy: b}}",
        ["tls.existingSecrets", "tls.crt"],
    ),
    "callers that nothing can know": (
        "tls: {mode: none, acceptPlaintext: true}",
        ["tls.mode", "access.cluster.enabled"],
    ),
    "a role there is not": (
        "access: {callers: [{certificate: feed.svc, roles: [root]}]}",
        ["roles", "writer", "admin"],
    ),
    "tokens of an issuer that nobody named": (
        "access: {callers: [{issuer: staff, subject: a, roles: [reader]}]}",
        ["access.callers", "staff", "access.issuers"],
    ),
    "two issuers of one name": (
        "access: {cluster: {enabled: true}, issuers: [{name: cluster, issuer: a, audience: b, keys: c}]}",
        ["access.issuers: names must differ"],
    ),
    "a port for two": (
        "ports: {grpc: 9464}",
        ["ports: grpc, bearer, health and metrics must differ"],
    ),
    "a broker that nobody named": (
        "nats: {credentials: {existingSecret: broker}}",
        ["nats.url"],
    ),
    "a broker by a name alone": (
        "nats: {url: nats.messaging.svc}",
        ["nats", "url", "pattern"],
    ),
    "a pool without a connection": (
        "services: {accounts: {databasePool: {size: 0}}}",
        ["accounts", "databasePool", "size"],
    ),
    "fewer at most than at least": (
        "services: {policy: {autoscaling: {minReplicas: 20}}}",
        ["services.policy.autoscaling", "20", "10"],
    ),
    "a variable that the chart sets": (
        "config: {TRUEPEN_PORT: 1}",
        ["TRUEPEN_PORT", "README"],
    ),
    "a variable of another service": (
        "services: {worker: {config: {TRUEPEN_ACCOUNTS_POLL_S: 1}}}",
        ["TRUEPEN_ACCOUNTS_POLL_S", "services.accounts.config"],
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("major", helm.WHEELS)
@pytest.mark.parametrize(("values", "told"), WRONG.values(), ids=WRONG)
def test_wrong_values_are_refused_by_name(
    values: str, told: list[str], major: int, tmp_path: Path
) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(values, encoding="utf-8")

    with pytest.raises(RenderError) as refused:
        text(file, major=major)

    assert [word for word in told if word not in str(refused.value)] == []


def test_the_schema_knows_each_value_and_no_other() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    for name in values["services"]:
        values["services"][name] = values["defaults"]

    known = {path for path in _schema_paths(schema, schema) if path[:1] != ("global",)}

    # What a user fills in has no keys of its own by default.
    ours = set(_value_paths(values))
    assert ours <= known
    filled_in = {("tls", "existingSecrets"), ("image",), ("resources",)}
    extra = {
        path
        for path in known - ours
        if not any(_within(path, part) for part in filled_in)
    }
    assert extra == set()


def _within(path: tuple[str, ...], part: tuple[str, ...]) -> bool:
    """Say whether *part* is named on the way to *path*, but not at its end."""
    width = len(part)
    return any(path[i : i + width] == part for i in range(len(path) - width))


def _schema_paths(
    node: dict[str, Any], root: dict[str, Any], at: tuple[str, ...] = ()
) -> Iterator[tuple[str, ...]]:
    if "$ref" in node:
        node = root["definitions"][node["$ref"].rpartition("/")[2]]
    for key, value in node.get("properties", {}).items():
        yield (*at, key)
        yield from _schema_paths(value, root, (*at, key))


def _value_paths(
    node: dict[str, Any], at: tuple[str, ...] = ()
) -> Iterator[tuple[str, ...]]:
    for key, value in node.items():
        if "labels" not in at and not key.startswith("TRUEPEN_"):
            yield (*at, key)
            if isinstance(value, dict) and key != "labels":
                yield from _value_paths(value, (*at, key))


def test_no_object_of_the_schema_takes_what_it_does_not_know() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))

    open_ones = [
        node["properties"].keys()
        for node in _objects(schema)
        if "properties" in node and node.get("additionalProperties") is not False
    ]
    assert open_ones == []


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if node.get("type") == "object":
            yield node
        for value in node.values():
            yield from _objects(value)
    elif isinstance(node, list):
        for value in node:
            yield from _objects(value)


def test_the_readme_says_what_the_values_say() -> None:
    assert chart_readme.main(["--check"]) == 0


def test_the_readme_names_the_values_files_that_there_are() -> None:
    readme = (CHART / "README.md").read_text(encoding="utf-8")

    for values in filter(None, EXAMPLES):
        assert str(values.relative_to(CHART)) in readme, example_name(values)
