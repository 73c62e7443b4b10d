"""Three processes know each other by certificate or token, and nobody else."""

import os
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from services.client import Client, ServiceError, TlsFiles
from tests.runtime.authority import Authority, TokenIssuer
from tests.suite.processes import process
from truepen.accounts.v1 import activities_pb2
from truepen.policy.v1 import enforcement_service_pb2 as pb

POLICY = "system:serviceaccount:truepen:policy"
CALLERS = [
    {"issuer": "cluster", "subject": POLICY, "roles": ["writer", "moderator"]},
    {"certificate": "accounts.svc", "roles": ["reader"]},
    {"certificate": "publishing.svc", "roles": ["writer"]},
]


class Cluster:
    """Certificates of each service, the access file, and tokens."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ca, self.issuer = Authority(), TokenIssuer()
        (folder / "ca.crt").write_bytes(self.ca.pem)
        (folder / "jwks.json").write_text(self.issuer.key_set(), "utf-8")
        (folder / "token").write_text(self.issuer.token(POLICY), "utf-8")
        cluster = {
            "name": "cluster",
            "issuer": self.issuer.name,
            "audience": "truepen",
            "keys": str(folder / "jwks.json"),
        }
        access = {"issuers": [cluster], "callers": CALLERS}
        (folder / "access.yaml").write_text(yaml.safe_dump(access), "utf-8")

    def files(self, name: str) -> TlsFiles:
        """A certificate of *name*, which also answers on this machine."""
        names = (f"{name}.svc", "localhost")
        return TlsFiles(
            self.folder / "ca.crt", *self.ca.certify(self.folder / name, *names)
        )

    def environment(self, name: str) -> dict[str, str]:
        files = self.files(name)
        return {
            "TRUEPEN_TLS_CA": str(files.ca),
            "TRUEPEN_TLS_CERT": str(files.cert),
            "TRUEPEN_TLS_KEY": str(files.key),
            "TRUEPEN_ACCESS_FILE": str(self.folder / "access.yaml"),
            "TRUEPEN_TRUST_LOOPBACK": "false",
        }


def review(number: int) -> pb.ReviewActivityRequest:
    when = datetime.now(UTC) - timedelta(minutes=number)
    activity = activities_pb2.Activity(
        id=f"n{number}",
        account="accounts/a",
        type=activities_pb2.ACTIVITY_TYPE_NOTE,
        text="地铁上睡着坐过站,坐到终点站才醒,回来又坐过两站。。。",
    )
    activity.event_time.FromDatetime(when)
    return pb.ReviewActivityRequest(activity=activity)


@pytest.mark.slow
async def test_three_processes_know_each_other(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path)
    async with AsyncExitStack() as stack:
        environment = cluster.environment
        detector = await stack.enter_async_context(
            process("detector", tmp_path / "d", **environment("detector"))
        )
        accounts = await stack.enter_async_context(
            process(
                "accounts",
                tmp_path / "a",
                **environment("accounts"),
                TRUEPEN_ACCOUNTS_DETECTOR_TARGET=f"localhost:{detector.port}",
            )
        )
        policy = await stack.enter_async_context(
            process(
                "policy",
                tmp_path / "p",
                **environment("policy"),
                # Its certificate is granted nothing: the token counts.
                TRUEPEN_BEARER_FILE=str(tmp_path / "token"),
                TRUEPEN_POLICY_ACCOUNTS_TARGET=f"localhost:{accounts.port}",
                TRUEPEN_POLICY_WORKER="false",
            )
        )
        target = f"localhost:{policy.port}"
        mine, strangers = cluster.files("publishing"), cluster.files("stranger")
        publishing = await stack.enter_async_context(Client(target, tls=mine))
        stranger = await stack.enter_async_context(Client(target, tls=strangers))

        answer = await publishing.enforcement.ReviewActivity(review(1), timeout=20)
        with pytest.raises(ServiceError) as denied:
            await stranger.enforcement.ReviewActivity(review(2), timeout=20)
        os.truncate(tmp_path / "token", 0)
        fresh = cluster.issuer.token(POLICY)
        (tmp_path / "token").write_text(fresh, "utf-8")
        again = await publishing.enforcement.ReviewActivity(review(3), timeout=20)

    assert answer.HasField("score")  # all the way to the detector and back
    assert denied.value.reason == "PERMISSION_DENIED"
    assert again.standing.can_publish
