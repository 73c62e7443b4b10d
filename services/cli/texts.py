"""`truepen texts`: texts that the detector refused again and again."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from services.cli.options import LOCAL, Target

AT_ONCE = 1_000
texts = typer.Typer(
    help="Texts that could not be scored (dead letters).", no_args_is_help=True
)
Names = Annotated[
    list[str] | None,
    typer.Argument(help="accounts/ACCOUNT/activities/ACTIVITY, as `list` names them."),
]
All = Annotated[bool, typer.Option("--all", help="All there are now.")]


@texts.command("list")
def list_letters(target: Target = LOCAL) -> None:
    """List them, the oldest first, with the last error; never their text."""
    from services.cli.output import print_rows

    print_rows("texts", [_row(each) for each in _listed(target)])


@texts.command()
def retry(
    names: Names = None,
    everything: All = False,
    target: Target = LOCAL,
) -> None:
    """Have them scored again."""
    _resolve(_chosen(names, target, everything=everything), "RETRY", target)


@texts.command()
def erase(
    names: Names = None,
    everything: All = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    target: Target = LOCAL,
) -> None:
    """Erase the texts for good; their activities stay, unscored."""
    chosen = _chosen(names, target, everything=everything)
    if chosen and not yes:
        typer.confirm(f"Erase {len(chosen)} texts for good?", abort=True, err=True)
    _resolve(chosen, "ERASE", target)


def _chosen(names: Sequence[str] | None, target: str, *, everything: bool) -> list[str]:
    if bool(names) == everything:
        raise typer.BadParameter("name texts, or say --all")
    if everything:
        return [each.activity for each in _listed(target)]
    return list(names or ())


def _listed(target: str) -> Iterator[Any]:
    """Yield dead letters page by page, the oldest first."""
    from services.cli.remote import ask
    from truepen.accounts.v1.accounts_service_pb2 import ListDeadLettersRequest
    from truepen.accounts.v1.accounts_service_pb2_grpc import AccountsServiceStub

    request = ListDeadLettersRequest(page_size=AT_ONCE)
    while True:
        page = ask(target, AccountsServiceStub, "ListDeadLetters", request)
        yield from page.dead_letters
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def _resolve(names: Sequence[str], action: str, target: str) -> None:
    from services.cli.output import print_record
    from services.cli.remote import ask
    from truepen.accounts.v1 import accounts_service_pb2 as pb
    from truepen.accounts.v1.accounts_service_pb2_grpc import AccountsServiceStub

    count = 0
    for start in range(0, len(names), AT_ONCE):
        request = pb.ResolveDeadLettersRequest(
            activities=names[start : start + AT_ONCE],
            action=pb.DeadLetterAction.Value(f"DEAD_LETTER_ACTION_{action}"),
        )
        answer = ask(target, AccountsServiceStub, "ResolveDeadLetters", request)
        count += answer.resolved_count
    print_record({"asked": len(names), "resolved": count})


def _row(letter: Any) -> dict[str, object]:
    from services.cli.output import record_of

    record = record_of(letter)
    error = record.pop("error")
    return {**record, "error": error.get("message", "")}
