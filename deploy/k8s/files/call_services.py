"""Asks each service for its health and makes one call that changes nothing.

    python call_services.py truepen.policy.v1.EnforcementService=dns:///HOST:PORT ...

`helm test` runs it in the product's image, so that it comes from where callers
do: through the network policy, by name, and with a certificate where
TRUEPEN_TLS_* name one. Ends with 1 where a service does not answer as it should.
"""

import asyncio
import sys
from typing import Any

from google.protobuf.message import Message
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.runtime.connection import Connection
from services.runtime.errors import ServiceError
from services.runtime.settings import RuntimeSettings
from truepen.accounts.v1 import accounts_service_pb2 as accounts
from truepen.accounts.v1 import accounts_service_pb2_grpc as accounts_grpc
from truepen.detector.v1 import detector_service_pb2 as detector
from truepen.detector.v1 import detector_service_pb2_grpc as detector_grpc
from truepen.policy.v1 import enforcement_service_pb2 as policy
from truepen.policy.v1 import enforcement_service_pb2_grpc as policy_grpc

SECONDS = 60.0
"""Certificates and names may take that long to be there after an install."""

HEALTH_ONLY = "--health-only"
"""For where nothing tells the services who asks: tls.mode none, without tokens."""

CALLS: dict[str, tuple[Any, str, Message]] = {
    "truepen.detector.v1.DetectorService": (
        detector_grpc.DetectorServiceStub,
        "DetectText",
        detector.DetectTextRequest(text="A person wrote this."),
    ),
    "truepen.accounts.v1.AccountsService": (
        accounts_grpc.AccountsServiceStub,
        "ListAccounts",
        accounts.ListAccountsRequest(page_size=1),
    ),
    "truepen.policy.v1.EnforcementService": (
        policy_grpc.EnforcementServiceStub,
        "GetStanding",
        policy.GetStandingRequest(name="accounts/helm-test/standing"),
    ),
}


async def ask(service: str, target: str, *, health_only: bool) -> str:
    """Return what is wrong with *service* at *target*; nothing where all is well."""
    stub, method, request = CALLS[service]
    async with Connection.of(target, {}, RuntimeSettings()) as connection:
        try:
            async with asyncio.timeout(SECONDS):
                await connection.channel().channel_ready()
            state = await _health(service, connection)
            if state != "SERVING":
                return f"health is {state}"
            if not health_only:
                call = getattr(connection.stub(stub), method)
                await call(request, timeout=SECONDS)
        except TimeoutError:
            return "cannot be reached"
        except ServiceError as error:
            return f"{method}: {error.kind}, {error.reason}: {error}"
    return ""


async def _health(service: str, connection: Connection) -> str:
    stub = connection.stub(health_pb2_grpc.HealthStub)
    request = health_pb2.HealthCheckRequest(service=service)
    answer = await stub.Check(request, timeout=SECONDS)
    return health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)


async def main(arguments: list[str]) -> int:
    """Ask all; print a line a service; return the exit code."""
    health_only = HEALTH_ONLY in arguments
    asked = [argument for argument in arguments if argument != HEALTH_ONLY]
    failed = 0
    for argument in asked:
        service, _, target = argument.partition("=")
        wrong = await ask(service, target, health_only=health_only)
        print(f"{service} at {target}: {wrong or 'answers'}")
        failed += bool(wrong)
    return 1 if failed or not asked else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
