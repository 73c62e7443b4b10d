"""`truepen appeal`: people who say that a decision was wrong."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from services.cli.options import LOCAL, Reason, RequestId, Target, Who

appeal = typer.Typer(help="Appeals for staff to answer.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="accounts/ACCOUNT/appeals/APPEAL.")]


class State(StrEnum):
    """Where an appeal is; the names of the contract."""

    OPEN = "OPEN"
    CLAIMED = "CLAIMED"
    UPHELD = "UPHELD"
    OVERTURNED = "OVERTURNED"
    REMITTED = "REMITTED"


class Outcome(StrEnum):
    """What the answer is; the names of the contract."""

    UPHELD = "UPHELD"
    OVERTURNED = "OVERTURNED"
    REMITTED = "REMITTED"


class Tier(StrEnum):
    """The milder tiers an appeal may lead to; the names of the contract."""

    CLEAR = "CLEAR"
    NOTICE = "NOTICE"
    WARNING = "WARNING"
    REACH_LIMITED = "REACH_LIMITED"
    PUBLISHING_LIMITED = "PUBLISHING_LIMITED"
    PUBLISHING_SUSPENDED = "PUBLISHING_SUSPENDED"


@appeal.command("list")
def list_appeals(
    account: Annotated[str, typer.Option(help="Only of this account.")] = "",
    state: Annotated[State | None, typer.Option(case_sensitive=False)] = None,
    who: Who = "",
    target: Target = LOCAL,
) -> None:
    """List appeals, the most urgent first."""
    from services.cli.output import print_rows, record_of

    found = [record_of(each) for each in _appeals(target, who, account, state)]
    print_rows("appeals", found, ("name", "ground", "state", "due_time"))


@appeal.command()
def show(name: Name, who: Who = "", target: Target = LOCAL) -> None:
    """Show an appeal with its decision; without scores until it is answered."""
    from services.cli.evidence import decision_at, laid_out
    from services.cli.output import print_record, record_of

    found = _get(target, who, name)
    print_record(record_of(found))
    print_record(laid_out(decision_at(target, found.decision, who)))


@appeal.command()
def claim(name: Name, who: Who = "", target: Target = LOCAL) -> None:
    """Take an appeal to work on, for 30 minutes."""
    from services.cli.output import print_message
    from services.cli.remote import ask
    from truepen.policy.v1.appeals_service_pb2 import ClaimAppealRequest
    from truepen.policy.v1.appeals_service_pb2_grpc import AppealsServiceStub

    version = _get(target, who, name).version
    request = ClaimAppealRequest(name=name, version=version)
    print_message(ask(target, AppealsServiceStub, "ClaimAppeal", request, who).appeal)


@appeal.command()
def resolve(  # noqa: PLR0917  # typer passes them by name
    name: Name,
    outcome: Annotated[Outcome, typer.Option(case_sensitive=False)],
    reason: Reason,
    remitted_tier: Annotated[
        Tier | None,
        typer.Option(help="The milder tier, for REMITTED.", case_sensitive=False),
    ] = None,
    request_id: RequestId = "",
    who: Who = "",
    target: Target = LOCAL,
) -> None:
    """Answer an appeal that you have claimed."""
    import uuid

    from services.cli.output import print_message
    from services.cli.remote import ask
    from truepen.policy.v1 import appeals_service_pb2 as pb
    from truepen.policy.v1 import decisions_pb2
    from truepen.policy.v1.appeals_service_pb2_grpc import AppealsServiceStub

    request = pb.ResolveAppealRequest(
        name=name,
        version=_get(target, who, name).version,
        outcome=pb.AppealState.Value(f"APPEAL_STATE_{outcome}"),
        reason=reason,
        request_id=request_id or str(uuid.uuid4()),
    )
    if remitted_tier:
        request.remitted_tier = decisions_pb2.Tier.Value(f"TIER_{remitted_tier}")
    print_message(ask(target, AppealsServiceStub, "ResolveAppeal", request, who))


def _get(target: str, who: str, name: str) -> Any:
    from services.cli.remote import ask
    from truepen.policy.v1.appeals_service_pb2 import GetAppealRequest
    from truepen.policy.v1.appeals_service_pb2_grpc import AppealsServiceStub

    request = GetAppealRequest(name=name)
    return ask(target, AppealsServiceStub, "GetAppeal", request, who).appeal


def _appeals(target: str, who: str, account: str, state: State | None) -> Any:
    """Yield appeals page by page, the most urgent first."""
    from services.cli.remote import account_name, ask
    from truepen.policy.v1 import appeals_service_pb2 as pb
    from truepen.policy.v1.appeals_service_pb2_grpc import AppealsServiceStub

    request = pb.ListAppealsRequest(page_size=1_000)
    if account:
        request.parent = account_name(account)
    if state:
        request.state = pb.AppealState.Value(f"APPEAL_STATE_{state}")
    while True:
        page = ask(target, AppealsServiceStub, "ListAppeals", request, who)
        yield from page.appeals
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token
