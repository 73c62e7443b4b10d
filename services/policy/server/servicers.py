"""What answers the calls of policy, and under which name each is served."""

from dataclasses import dataclass

from services.policy.server.appeals import AppealsServicer
from services.policy.server.cases import CasesServicer
from services.policy.server.enforcement import EnforcementServicer
from services.policy.server.notices import NoticesServicer
from services.policy.server.roles import PACKAGE
from services.policy.server.rulesets import RulesetsServicer
from services.runtime.serve import Service
from truepen.policy.v1 import (
    appeals_service_pb2_grpc,
    cases_service_pb2_grpc,
    enforcement_service_pb2_grpc,
    notices_service_pb2_grpc,
    rulesets_service_pb2_grpc,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Servicers:
    """What answers the calls."""

    enforcement: EnforcementServicer
    notices: NoticesServicer
    appeals: AppealsServicer
    cases: CasesServicer
    rulesets: RulesetsServicer


def services_of(servicers: Servicers) -> tuple[Service, ...]:
    """Return the five services."""
    return (
        Service(
            f"{PACKAGE}.EnforcementService",
            enforcement_service_pb2_grpc.add_EnforcementServiceServicer_to_server,
            servicers.enforcement,
        ),
        Service(
            f"{PACKAGE}.NoticesService",
            notices_service_pb2_grpc.add_NoticesServiceServicer_to_server,
            servicers.notices,
        ),
        Service(
            f"{PACKAGE}.AppealsService",
            appeals_service_pb2_grpc.add_AppealsServiceServicer_to_server,
            servicers.appeals,
        ),
        Service(
            f"{PACKAGE}.CasesService",
            cases_service_pb2_grpc.add_CasesServiceServicer_to_server,
            servicers.cases,
        ),
        Service(
            f"{PACKAGE}.RulesetsService",
            rulesets_service_pb2_grpc.add_RulesetsServiceServicer_to_server,
            servicers.rulesets,
        ),
    )
