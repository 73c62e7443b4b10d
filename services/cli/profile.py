"""`truepen profile`: what an account's activities add up to."""

from services.cli.options import LOCAL, Account, Target


def profile(account: Account, target: Target = LOCAL) -> None:
    """Show what is known about an account: signals, channels, reliance."""
    from services.cli.output import print_message
    from services.cli.remote import account_name, ask
    from truepen.accounts.v1.accounts_service_pb2 import GetProfileRequest
    from truepen.accounts.v1.accounts_service_pb2_grpc import AccountsServiceStub

    request = GetProfileRequest(name=f"{account_name(account)}/profile")
    response = ask(target, AccountsServiceStub, "GetProfile", request)
    print_message(response.profile)
