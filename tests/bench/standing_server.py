"""A server to put load on: `python -m tests.bench.standing_server KIND`.

`empty` answers GetStanding with a message made before, from a bare grpc.aio
server; `uvloop` does so on the event loop that TruePen is served on; `policy` is
policy as it is served. Prints its port, and ends with its standard input.
"""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

import grpc
import uvloop

from services.runtime.logs import configure_logs
from tests.policy.serving import running
from truepen.policy.v1 import decisions_pb2, enforcement_service_pb2_grpc
from truepen.policy.v1 import enforcement_service_pb2 as pb

ANSWER = pb.GetStandingResponse(
    standing=decisions_pb2.Standing(
        name="accounts/a/standing",
        tier=decisions_pb2.TIER_CLEAR,
        can_publish=True,
        can_comment=True,
        can_message=True,
        can_like=True,
        can_follow=True,
    )
)


class Empty(enforcement_service_pb2_grpc.EnforcementServiceServicer):
    """Does nothing but answer."""

    async def GetStanding(
        self, request: pb.GetStandingRequest, context: Any
    ) -> pb.GetStandingResponse:
        return ANSWER


async def until_told(port: int) -> None:
    """Say where it listens, and wait until nobody listens to that any more."""
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)


async def serve_empty() -> None:
    server = grpc.aio.server()
    enforcement_service_pb2_grpc.add_EnforcementServiceServicer_to_server(
        Empty(),  # type: ignore[abstract]
        server,
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    await until_told(port)
    await server.stop(None)


async def serve_policy() -> None:
    configure_logs("json", "info")  # as it is served; to standard error
    with tempfile.TemporaryDirectory() as folder:
        async with running(Path(folder)) as site:
            await until_told(site.port)


if __name__ == "__main__":
    match sys.argv[1]:
        case "empty":
            asyncio.run(serve_empty())
        case "uvloop":
            uvloop.run(serve_empty())
        case "policy":
            uvloop.run(serve_policy())
