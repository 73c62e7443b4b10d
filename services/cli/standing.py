"""`truepen standing`: what an account may do now."""

from services.cli.options import LOCAL, Account, Target


def standing(account: Account, target: Target = LOCAL) -> None:
    """Show how an account stands: tier, what it may do, its reach."""
    from services.cli.output import print_message
    from services.cli.remote import account_name, ask
    from truepen.policy.v1.enforcement_service_pb2 import GetStandingRequest
    from truepen.policy.v1.enforcement_service_pb2_grpc import EnforcementServiceStub

    request = GetStandingRequest(name=f"{account_name(account)}/standing")
    response = ask(target, EnforcementServiceStub, "GetStanding", request)
    print_message(response.standing)
