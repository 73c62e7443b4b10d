"""The chart as Helm renders it, and ways to look into it."""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from deploy import helm
from tests.deploy.programs import helm_program, run

CHART = Path(__file__).parents[2] / "deploy" / "k8s"
QUICKSTART = CHART / "values-quickstart.yaml"
EXAMPLES = (None, QUICKSTART, *sorted((CHART / "ci").glob("*-values.yaml")))
"""The default values, and each values file that is shipped."""
ADAPTER = "custom.metrics.k8s.io/v1beta1"
NAMESPACE = "here"

Manifest = dict[str, Any]


class RenderError(Exception):
    """Helm refused; the message is its own."""


def example_name(values: Path | None) -> str:
    return values.stem if values else "default"


def text(
    values: Path | None = None,
    sets: tuple[str, ...] = (),
    *,
    major: int = helm.NEWEST,
    apis: tuple[str, ...] = (),
) -> str:
    """Return what `helm template` prints; *sets* are as in `--set`."""
    command = [str(helm_program(major)), "template", "truepen", str(CHART)]
    command += ["--namespace", NAMESPACE]
    command += ["--values", str(values)] if values else []
    for option, given in (("--set", sets), ("--api-versions", apis)):
        for one in given:
            command += [option, one]
    done = run(command)
    if done.returncode:
        raise RenderError(done.stderr)
    return done.stdout


@cache
def manifests(
    values: Path | None = None,
    *sets: str,
    major: int = helm.NEWEST,
    apis: tuple[str, ...] = (),
) -> list[Manifest]:
    """Return the objects, the same ones each time: to look at only."""
    rendered = text(values, sets, major=major, apis=apis)
    return [found for found in yaml.load_all(rendered, yaml.CSafeLoader) if found]


def of_kind(objects: Sequence[Manifest], kind: str) -> dict[str, Manifest]:
    """Return the objects of *kind* by component, hooks included."""
    return {component(found): found for found in objects if found["kind"] == kind}


def component(found: Manifest) -> str:
    name: str = found["metadata"]["labels"]["app.kubernetes.io/component"]
    return name


def pods(objects: Sequence[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Yield the spec of each pod that will run, with its component."""
    for found in objects:
        if found["kind"] in {"Deployment", "Job"}:
            yield component(found), found["spec"]["template"]["spec"]
        elif found["kind"] == "Pod":
            yield component(found), found["spec"]


def environment(container: Manifest) -> dict[str, str]:
    """Return its variables; those from a Secret as `secret:KEY`."""
    return {
        entry["name"]: entry["value"]
        if "value" in entry
        else f"secret:{entry['valueFrom']['secretKeyRef']['key']}"
        for entry in container.get("env", [])
    }


def services(objects: Sequence[Manifest]) -> dict[str, Manifest]:
    """Return the one container of each Deployment, by component."""
    return {
        name: found["spec"]["template"]["spec"]["containers"][0]
        for name, found in of_kind(objects, "Deployment").items()
    }
