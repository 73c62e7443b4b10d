"""What the chart renders is run: by its commands, certificates and access files."""

from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from tests.deploy.pods import Node, deployed
from tests.deploy.rendered import CHART, QUICKSTART, Manifest, manifests, of_kind, pods

pytestmark = pytest.mark.slow

KIND = CHART / "ci" / "kind-values.yaml"
SPLIT = ("policy", "accounts", "detector")


@pytest.fixture
def secret(postgres_socket: Path) -> dict[str, dict[str, str]]:
    """The Secret that the README tells to make, on databases of this machine."""
    urls: dict[str, str] = {}
    server = f"host={postgres_socket} user=postgres dbname=postgres"
    with psycopg.connect(server, autocommit=True) as connection:
        for database in ("accounts", "policy"):
            name = f"{database}_{uuid4().hex}"
            connection.execute(f"CREATE DATABASE {name}".encode())
            url = f"postgresql://postgres@/{name}?host={postgres_socket}"
            urls[f"{database}-database-url"] = url
    keys = {"token-key": uuid4().hex, "fingerprint-key": uuid4().hex}
    return {"truepen": urls | keys}


async def migrated(node: Node, objects: list[Manifest]) -> None:
    for name, job in of_kind(objects, "Job").items():
        spec = job["spec"]["template"]["spec"]
        code, said = await node.pod(name, spec, {}).finished()
        assert code == 0, said


def the_test(objects: list[Manifest]) -> Manifest:
    [spec] = [spec for name, spec in pods(objects) if name == "test"]
    return spec


async def test_the_quickstart_answers_with_nothing_beside_it(tmp_path: Path) -> None:
    objects = manifests(QUICKSTART)
    node = Node(tmp_path, objects)

    async with deployed(node, of_kind(objects, "Deployment")):
        code, said = await node.pod("test", the_test(objects), {}).finished()

    assert code == 0, said
    assert said.count("answers") == 3
    kept = {file.name for file in (tmp_path / "suite" / "data").iterdir()}
    assert kept >= {"accounts.db", "policy.db", "token.key", "fingerprint.key"}


async def test_services_migrate_serve_and_know_each_other_by_certificate(
    tmp_path: Path, secret: dict[str, dict[str, str]]
) -> None:
    objects = manifests(KIND)
    node = Node(tmp_path, objects, secret)
    await migrated(node, objects)

    async with deployed(node, of_kind(objects, "Deployment")):
        code, said = await node.pod("test", the_test(objects), {}).finished()
        assert code == 0, said
        assert said.count("answers") == len(SPLIT)

        # The worker may call accounts, and nobody else.
        worker = tmp_path / "worker" / "tls"
        as_worker = {
            "TRUEPEN_TLS_CERT": str(worker / "tls.crt"),
            "TRUEPEN_TLS_KEY": str(worker / "tls.key"),
        }
        code, said = await node.pod("test", the_test(objects), as_worker).finished()

    lines = {line.split(".")[1]: line for line in said.splitlines()}
    assert code == 1, said
    assert lines["accounts"].endswith("answers"), said
    assert "PERMISSION_DENIED" in lines["policy"], said
    assert "PERMISSION_DENIED" in lines["detector"], said
