"""Asks each service for its health and makes one call that changes nothing.

    python call_services.py truepen.policy.v1.EnforcementService=dns:///HOST:PORT ...

`helm test` runs it in the product's image, so that it comes from where callers
do: through the network policy, by name, and with a certificate where
TRUEPEN_TLS_* name one. Ends with 1 where a service does not answer as it should.
"""

import asyncio
import sys

import grpc
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.runtime.client import connect
from services.runtime.settings import RuntimeSettings
from services.runtime.tls import channel_credentials
from truepen.accounts.v1 import accounts_service_pb2 as accounts
from truepen.accounts.v1 import accounts_service_pb2_grpc as accounts_grpc
from truepen.detector.v1 import detector_service_pb2 as detector
from truepen.detector.v1 import detector_service_pb2_grpc as detector_grpc
from truepen.policy.v1 import enforcement_service_pb2 as policy
from truepen.policy.v1 import enforcement_service_pb2_grpc as policy_grpc

SECONDS = 60.0
"""Certificates and names may take that long to be there after an install."""


async def call(service: str, channel: grpc.aio.Channel) -> Message:
    """Make the one call of *service*."""
    how = {"timeout": SECONDS, "wait_for_ready": True}
    if service == "truepen.detector.v1.DetectorService":
        stub = detector_grpc.DetectorServiceStub(channel)
        return await stub.DetectText(
            detector.DetectTextRequest(text="A person wrote this."), **how
        )
    if service == "truepen.accounts.v1.AccountsService":
        accounts_stub = accounts_grpc.AccountsServiceStub(channel)
        return await accounts_stub.ListAccounts(
            accounts.ListAccountsRequest(page_size=1), **how
        )
    policy_stub = policy_grpc.EnforcementServiceStub(channel)
    return await policy_stub.GetStanding(
        policy.GetStandingRequest(name="accounts/helm-test/standing"), **how
    )


async def ask(service: str, target: str) -> str:
    """Return what is wrong with *service* at *target*; nothing where all is well."""
    credentials = channel_credentials(RuntimeSettings())
    async with connect(target, {}, credentials) as channel:
        try:
            health = await health_pb2_grpc.HealthStub(channel).Check(
                health_pb2.HealthCheckRequest(service=service),
                timeout=SECONDS,
                wait_for_ready=True,
            )
            if health.status != health_pb2.HealthCheckResponse.SERVING:
                state = health_pb2.HealthCheckResponse.ServingStatus.Name(health.status)
                return f"health: {state}"
            await call(service, channel)
        except grpc.aio.AioRpcError as error:
            return f"{error.code().name}: {error.details()}"
    return ""


async def main(arguments: list[str]) -> int:
    """Ask all; print a line a service; return the exit code."""
    failed = 0
    for argument in arguments:
        service, _, target = argument.partition("=")
        wrong = await ask(service, target)
        print(f"{service} at {target}: {wrong or 'answers'}")
        failed += bool(wrong)
    return 1 if failed or not arguments else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
