"""What Helm, Kubernetes' own schemas and checkov say of the chart."""

import difflib
import json
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from kubernetes_validate import SchemaNotFoundError

from deploy import helm
from tests.deploy.programs import checkov_program, helm_program, run
from tests.deploy.rendered import (
    ADAPTER,
    CHART,
    EXAMPLES,
    example_name,
    manifests,
    text,
)

pytestmark = pytest.mark.slow

KUBERNETES = ("1.32", "1.37")
"""The oldest that Chart.yaml allows and the newest there is."""
NOT_KUBERNETES = {
    "cert-manager.io/v1",
    "monitoring.coreos.com/v1",
}
"""Their schemas come with the operators; no package has them."""

SKIPPED = {
    "CKV_K8S_8": "the pod of `helm test` runs to its end: liveness means nothing",
    "CKV_K8S_9": "the pod of `helm test` answers nobody: it is never ready",
    "CKV_K8S_11": "a CPU limit makes calls wait while cores are idle; requests share them",
    "CKV_K8S_15": "image.pullPolicy is the installer's: air-gapped nodes cannot always pull",
    "CKV_K8S_35": "settings are environment; a secretKeyRef shows a pod no other entry",
    "CKV_K8S_43": "image.digest is the installer's: the chart cannot know what they built",
}
"""Checks of checkov that fail, and why they may."""

each_helm = pytest.mark.parametrize("major", helm.WHEELS)
each_example = pytest.mark.parametrize("values", EXAMPLES, ids=example_name)


@each_helm
@each_example
def test_helm_finds_no_fault(values: Path | None, major: int) -> None:
    command = [str(helm_program(major)), "lint", "--strict", str(CHART)]

    done = run([*command, *(["--values", str(values)] if values else [])])

    assert done.returncode == 0, done.stdout + done.stderr


@each_example
def test_every_helm_renders_the_same(values: Path | None) -> None:
    rendered = [
        [line for line in text(values, major=major).splitlines() if line.strip()]
        for major in helm.WHEELS
    ]
    if values is not None and "selfSigned" in values.read_text(encoding="utf-8"):
        rendered = [
            [line for line in lines if not line.lstrip().startswith(MADE_ANEW)]
            for lines in rendered
        ]

    old, new = rendered
    assert list(difflib.unified_diff(old, new, lineterm="")) == []


MADE_ANEW = tuple(
    f"{name}.{part}:"
    for name in (
        "ca",
        "client",
        "suite",
        "detector",
        "accounts",
        "policy",
        "worker",
        "test",
    )
    for part in ("crt", "key")
)


@pytest.mark.parametrize("kubernetes", KUBERNETES)
@each_example
def test_kubernetes_knows_every_field(values: Path | None, kubernetes: str) -> None:
    for manifest in manifests(values, apis=(ADAPTER,)):
        try:
            kubernetes_validate.validate(manifest, kubernetes, strict=True)
        except SchemaNotFoundError:
            assert manifest["apiVersion"] in NOT_KUBERNETES


def test_the_oldest_kubernetes_is_the_one_that_the_chart_names() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))

    assert chart["kubeVersion"] == f">={KUBERNETES[0]}.0-0"


def test_checkov_fails_only_where_there_is_a_reason(tmp_path: Path) -> None:
    for values in EXAMPLES:
        file = tmp_path / f"{example_name(values)}.yaml"
        file.write_text(text(values), encoding="utf-8")
    command = [str(checkov_program()), "--directory", str(tmp_path)]
    options = ["--framework", "kubernetes", "--quiet", "--skip-download"]

    done = run([*command, *options, "--output", "json"])

    found = json.loads(done.stdout)
    failed = {
        check["check_id"]: f"{check['check_name']}: {check['resource']}"
        for check in found["results"]["failed_checks"]
    }
    assert found["summary"]["passed"] > 1000
    assert {name: failed[name] for name in failed.keys() - SKIPPED.keys()} == {}
    assert SKIPPED.keys() - failed.keys() == set(), "no longer needed"
