"""Services, or the suite, as processes of their own, with their logs."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

START_SECONDS = 60
STOP_SECONDS = 30

SUITE = "suite"


class Process:
    """One service alone, or the suite; `lines` grows as it logs.

    It may be started again after it ended, on another port unless one was given.
    """

    def __init__(self, service: str, environment: Mapping[str, str]) -> None:
        self.service = service
        self.lines: list[dict[str, Any]] = []
        self.port = 0
        self._environment = environment
        self._serving = asyncio.Event()

    async def start(self) -> None:
        """Return once it serves."""
        self.port = 0
        self._serving.clear()
        alone = (sys.executable, "-m", f"services.{self.service}")
        whole = (str(Path(sys.executable).with_name("truepen")), "serve")
        self._running = await asyncio.create_subprocess_exec(
            *(whole if self.service == SUITE else alone),
            env={
                **os.environ,
                "TRUEPEN_PORT": "0",
                "TRUEPEN_LOG_FORMAT": "json",
                "PYTHONPATH": os.pathsep.join(sys.path),
                **self._environment,
            },
            stderr=asyncio.subprocess.PIPE,
        )
        self._reading = asyncio.create_task(self._read())
        await asyncio.wait_for(self._serving.wait(), START_SECONDS)
        if not self.port:
            raise AssertionError(self.lines)

    async def stop(self) -> int:
        """End it as a supervisor does; its exit code."""
        if self._running.returncode is None:
            with suppress(ProcessLookupError):  # it is gone, and not yet known to be
                self._running.terminate()
        async with asyncio.timeout(STOP_SECONDS):
            await self._reading
            return await self._running.wait()

    def kill(self) -> None:
        """End it at once, as kill -9 does."""
        with suppress(ProcessLookupError):
            self._running.kill()

    async def _read(self) -> None:
        assert self._running.stderr is not None
        async for raw in self._running.stderr:
            try:
                line = json.loads(raw)
            except ValueError:
                line = {"event": raw.decode()}
            self.lines.append(line)
            if line["event"] == "serving":
                self.port = line["port"]
                self._serving.set()
        self._serving.set()


@asynccontextmanager
async def process(
    service: str, folder: Path, **environment: str
) -> AsyncIterator[Process]:
    """Run one service alone, or the suite, data in *folder*."""
    one = Process(service, {"TRUEPEN_DATA_DIR": str(folder), **environment})
    await one.start()
    try:
        yield one
    finally:
        await one.stop()


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on; found together, so that each is another."""
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports
