"""Runs rendered pods as processes of this machine: each with its command, its
environment, its volumes and its probes; only paths, ports and names are ours.
"""

import asyncio
import base64
import os
import re
import socket
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2

from tests.deploy.rendered import Manifest

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
SECONDS = 120


class PodError(Exception):
    """A pod did not do what it should; the message has what it said."""


@dataclass
class Node:
    """A machine to run pods on, in *folder*; *secrets* are laid by somebody else."""

    folder: Path
    objects: Iterable[Manifest]
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    ports: dict[tuple[str, str], int] = field(default_factory=dict)

    def pod(self, name: str, spec: Manifest, environ: Mapping[str, str]) -> "Process":
        """Return the one container of *spec* as a process, its volumes laid."""
        [container] = spec["containers"]
        home = self.folder / name
        paths = {
            mount["mountPath"]: str(home / mount["name"])
            for mount in container["volumeMounts"]
        }
        for volume in spec["volumes"]:
            self._lay(volume, home / volume["name"])

        known = "|".join(map(re.escape, sorted(paths, key=len, reverse=True)))

        def here(text: str) -> str:
            text = re.sub(rf"^({known})(?=/|$)", lambda at: paths[at[1]], text)
            return re.sub(r"dns:///([\w-]+)[\w.-]*:(\d+)", self._near, text)

        given = {
            entry["name"]: here(self._value(entry))
            for entry in container.get("env", [])
            if self._is_there(entry)
        }
        for port in container.get("ports", []):
            given.update(self._moved(name, port, given))
        command = [*container["command"], *container.get("args", [])]
        return Process(
            name,
            [str(PROGRAMS / command[0]), *map(here, command[1:])],
            {**given, **environ},
            paths,
        )

    def _lay(self, volume: Manifest, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if "configMap" in volume:
            content = self._data("ConfigMap", volume["configMap"]["name"])
            items = volume["configMap"].get("items")
        elif "secret" in volume:
            content = self._data("Secret", volume["secret"]["secretName"])
            items = volume["secret"].get("items")
        else:
            assert {"emptyDir", "persistentVolumeClaim"} & volume.keys()
            return
        for item in items or [{"key": key, "path": key} for key in content]:
            (folder / item["path"]).write_text(content[item["key"]], encoding="utf-8")

    def _data(self, kind: str, name: str) -> Mapping[str, str]:
        if kind == "Secret" and name in self.secrets:
            return self.secrets[name]
        [found] = [
            made
            for made in self.objects
            if made["kind"] == kind and made["metadata"]["name"] == name
        ]
        data: Mapping[str, str] = found["data"]
        if kind == "ConfigMap":
            return data
        return {key: base64.b64decode(text).decode() for key, text in data.items()}

    def _is_there(self, entry: Manifest) -> bool:
        if "value" in entry:
            return True
        source = entry["valueFrom"]["secretKeyRef"]
        known = source["key"] in self._data("Secret", source["name"])
        return known or not source.get("optional", False)

    def _value(self, entry: Manifest) -> str:
        if "value" in entry:
            value: str = entry["value"]
            return value
        source = entry["valueFrom"]["secretKeyRef"]
        return self._data("Secret", source["name"])[source["key"]]

    def _moved(
        self, name: str, port: Manifest, given: Mapping[str, str]
    ) -> dict[str, str]:
        """Return the variable of *port* with one that is free here."""
        [variable] = [
            variable
            for variable, value in given.items()
            if variable.endswith("PORT") and value == str(port["containerPort"])
        ]
        return {variable: str(self.port(name, port["name"]))}

    def port(self, name: str, port: str) -> int:
        """Return where *port* of the pod *name* is on this machine."""
        if (name, port) not in self.ports:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.ports[name, port] = probe.getsockname()[1]
        return self.ports[name, port]

    def _near(self, target: re.Match[str]) -> str:
        """Return where *target*, by its name in the cluster, is here."""
        _, _, service = target[1].partition("-")
        return f"dns:///localhost:{self.port(service or 'suite', 'grpc')}"


@dataclass
class Process:
    """A container, ready to be run."""

    name: str
    command: list[str]
    environ: dict[str, str]
    paths: dict[str, str]

    async def finished(self) -> tuple[int, str]:
        """Run it to its end; the exit code, and what it said."""
        async with asyncio.timeout(SECONDS):
            process = await self._start(asyncio.subprocess.PIPE)
            said, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, said.decode()

    @asynccontextmanager
    async def serving(self, probe: Manifest, port: int) -> AsyncIterator[None]:
        """Run it while inside, from when *probe* finds it at *port*."""
        log = Path(self.paths["/tmp"]).with_name("log")
        with log.open("wb") as out:
            process = await self._start(out)
        try:
            async with asyncio.timeout(SECONDS):
                while not await ready(probe, port):
                    if process.returncode is not None:
                        raise PodError(f"{self.name}: {log.read_text('utf-8')}")
                    await asyncio.sleep(0.1)
            yield
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()
        if process.returncode:
            raise PodError(f"{self.name}: {log.read_text('utf-8')}")

    async def _start(self, out: object) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *self.command,
            env={
                **{
                    name: os.environ[name]
                    for name in ("PATH", "HOME")
                    if name in os.environ
                },
                "PYTHONPATH": f"{ROOT}:{ROOT / 'protos' / 'gen'}",
                **self.environ,
            },
            stdout=out,  # type: ignore[arg-type]
            stderr=asyncio.subprocess.STDOUT,
        )


async def ready(probe: Manifest, port: int) -> bool:
    """Ask as the kubelet does: in plaintext, for the probe's service."""
    request = health_pb2.HealthCheckRequest(service=probe["grpc"].get("service", ""))
    async with grpc.aio.insecure_channel(f"localhost:{port}") as channel:
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        try:
            answer: health_pb2.HealthCheckResponse = await check(request, timeout=5)
        except grpc.aio.AioRpcError:
            return False
    return answer.status == health_pb2.HealthCheckResponse.SERVING


@asynccontextmanager
async def deployed(
    node: Node, deployments: Mapping[str, Manifest]
) -> AsyncIterator[None]:
    """Run one pod of each of *deployments* while inside."""
    async with AsyncExitStack() as stack:
        for name, deployment in deployments.items():
            spec = deployment["spec"]["template"]["spec"]
            [container] = spec["containers"]
            process = node.pod(name, spec, {})
            probe = container["readinessProbe"]
            port = node.port(name, "health")
            await stack.enter_async_context(process.serving(probe, port))
        yield
