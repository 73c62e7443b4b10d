"""A real NATS server with JetStream on disk, that a test may kill and start again."""

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nats
from nats.js import JetStreamContext

START_SECONDS = 20


def installed() -> str | None:
    """The server's program, or None."""
    return shutil.which("nats-server", path=str(Path(sys.executable).parent))


@dataclass
class Server:
    """One server, at the same address whenever it runs."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        program = installed()
        assert program is not None
        store = str(self.folder / "jetstream")
        command = [
            program,
            "-a",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-js",
            "-sd",
            store,
        ]
        with (self.folder / "nats.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        ends = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                assert time.monotonic() < ends, "nats-server does not answer"
                time.sleep(0.02)
            else:
                return

    def kill(self) -> None:
        """End it as a crash does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def running(folder: Path, port: int) -> Iterator[Server]:
    """Run a server that keeps its streams in *folder*."""
    server = Server(folder, port)
    server.start()
    try:
        yield server
    finally:
        server.kill()


@asynccontextmanager
async def streams(server: Server) -> AsyncIterator[JetStreamContext]:
    """A client of one's own, that waits out an interruption."""

    async def quiet(error: Exception) -> None:
        """Say nothing: tests look at what arrives."""

    client = await nats.connect(
        server.url,
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.1,
        error_cb=quiet,
    )
    try:
        yield client.jetstream(timeout=5)
    finally:
        await client.close()


async def everything(context: JetStreamContext, stream: str) -> list[Any]:
    """All messages that *stream* holds, in order."""
    state = (await context.stream_info(stream)).state
    return [
        await context.get_msg(stream, seq)
        for seq in range(state.first_seq, state.last_seq + 1)
        if state.messages
    ]


async def events(context: JetStreamContext) -> list[dict[str, Any]]:
    """All CloudEvents that were published."""
    found = await everything(context, "TRUEPEN_EVENTS")
    return [json.loads(message.data) for message in found]
