"""`truepen case`: the work that waits for people."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from services.cli.options import LOCAL, Reason, RequestId, Target, Who

case = typer.Typer(help="Cases for staff to decide.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Id of the case.")]


class State(StrEnum):
    """Where a case is; the names of the contract."""

    OPEN = "OPEN"
    CLAIMED = "CLAIMED"
    RESOLVED = "RESOLVED"
    ESCALATED = "ESCALATED"


class Outcome(StrEnum):
    """What a person found; the names of the contract."""

    CONFIRMED = "CONFIRMED"
    REJECTED = "REJECTED"
    NO_ACTION = "NO_ACTION"
    CANNOT_TELL = "CANNOT_TELL"


@case.command("list")
def list_cases(
    state: Annotated[State | None, typer.Option(case_sensitive=False)] = None,
    who: Who = "",
    target: Target = LOCAL,
) -> None:
    """List cases, the most urgent first."""
    from services.cli.output import print_rows, record_of

    found = [record_of(each) for each in _cases(target, who, state)]
    print_rows("cases", found, ("name", "kind", "accounts", "state", "due_time"))


@case.command()
def show(name: Name, who: Who = "", target: Target = LOCAL) -> None:
    """Show a case with its decisions; without scores until it is resolved."""
    from services.cli.evidence import decision_at, laid_out
    from services.cli.output import print_record, record_of

    found = _find(target, who, name)
    print_record(record_of(found))
    for decision in found.decisions:
        print_record(laid_out(decision_at(target, decision, who)))


@case.command()
def claim(name: Name, who: Who = "", target: Target = LOCAL) -> None:
    """Take a case to work on, for 30 minutes."""
    from services.cli.output import print_message
    from services.cli.remote import ask
    from truepen.policy.v1.cases_service_pb2 import ClaimCaseRequest
    from truepen.policy.v1.cases_service_pb2_grpc import CasesServiceStub

    found = _find(target, who, name)
    request = ClaimCaseRequest(name=found.name, version=found.version)
    print_message(ask(target, CasesServiceStub, "ClaimCase", request, who).case)


@case.command()
def resolve(  # noqa: PLR0917  # typer passes them by name
    name: Name,
    outcome: Annotated[Outcome, typer.Option(case_sensitive=False)],
    reason: Reason,
    exception: Annotated[
        list[str] | None,
        typer.Option(help="ACCOUNT=OUTCOME where one differs; may be repeated."),
    ] = None,
    request_id: RequestId = "",
    who: Who = "",
    target: Target = LOCAL,
) -> None:
    """Decide a case that you have claimed."""
    import uuid

    from services.cli.output import print_message
    from services.cli.remote import ask
    from truepen.policy.v1 import cases_service_pb2 as pb
    from truepen.policy.v1.cases_service_pb2_grpc import CasesServiceStub

    exceptions = [_exception(each) for each in exception or []]
    found = _find(target, who, name)
    request = pb.ResolveCaseRequest(
        name=found.name,
        version=found.version,
        outcome=pb.CaseOutcome.Value(f"CASE_OUTCOME_{outcome}"),
        exceptions=exceptions,
        reason=reason,
        request_id=request_id or str(uuid.uuid4()),
    )
    print_message(ask(target, CasesServiceStub, "ResolveCase", request, who))


def _cases(target: str, who: str, state: State | None = None) -> Any:
    """Yield cases page by page, the most urgent first."""
    from services.cli.remote import ask
    from truepen.policy.v1 import cases_service_pb2 as pb
    from truepen.policy.v1.cases_service_pb2_grpc import CasesServiceStub

    request = pb.ListCasesRequest(page_size=1_000)
    if state:
        request.state = pb.CaseState.Value(f"CASE_STATE_{state}")
    while True:
        page = ask(target, CasesServiceStub, "ListCases", request, who)
        yield from page.cases
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def _find(target: str, who: str, name: str) -> Any:
    """Return the case *name*; end the command where there is none."""
    wanted = f"cases/{name.removeprefix('cases/')}"
    for found in _cases(target, who):
        if found.name == wanted:
            return found
    typer.echo(f"{target}: there is no {wanted}", err=True)
    raise typer.Exit(1)


def _exception(given: str) -> Any:
    """Read ACCOUNT=OUTCOME."""
    from services.cli.remote import account_name
    from truepen.policy.v1 import cases_service_pb2 as pb

    account, _, outcome = given.rpartition("=")
    if not account or outcome.upper() not in set(Outcome):
        raise typer.BadParameter(f"{given!r} is not ACCOUNT=OUTCOME")
    return pb.CaseException(
        account=account_name(account),
        outcome=pb.CaseOutcome.Value(f"CASE_OUTCOME_{outcome.upper()}"),
    )
