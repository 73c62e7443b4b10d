"""Arguments that several commands take."""

from typing import Annotated

import typer


def _given(target: str) -> str:
    if not target.strip():
        raise typer.BadParameter("must be HOST:PORT, or a name that gRPC resolves")
    return target


Account = Annotated[str, typer.Argument(help="Id of the account.")]
Target = Annotated[str, typer.Option(callback=_given, help="Where the suite runs.")]
LOCAL = "localhost:50051"
Who = Annotated[
    str, typer.Option("--as", help="Your name; counts on loopback, without TLS.")
]
Reason = Annotated[str, typer.Option(help="Written reasons, 1-4,000 characters.")]
RequestId = Annotated[
    str, typer.Option(help="A UUID; the same one is never counted twice.")
]
