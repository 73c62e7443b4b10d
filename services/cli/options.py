"""Arguments that several commands take."""

from pathlib import Path
from typing import Annotated

import typer


def _given(target: str) -> str:
    if not target.strip():
        raise typer.BadParameter("must be HOST:PORT, or a name that gRPC resolves")
    return target


Account = Annotated[str, typer.Argument(help="Id of the account.")]
OneOrAll = Annotated[
    str | None, typer.Argument(help="Id of an account; all by default.")
]
DataDir = Annotated[Path | None, typer.Option(help="TRUEPEN_DATA_DIR, else var/.")]
Target = Annotated[str, typer.Option(callback=_given, help="Where the suite runs.")]
LOCAL = "localhost:50051"
Who = Annotated[
    str, typer.Option("--as", help="Your name; counts on loopback, without TLS.")
]
Reason = Annotated[str, typer.Option(help="Written reasons, 1-4,000 characters.")]
RequestId = Annotated[
    str, typer.Option(help="A UUID; the same one is never counted twice.")
]
