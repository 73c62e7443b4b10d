"""Arguments that several commands take."""

from typing import Annotated

import typer

Account = Annotated[str, typer.Argument(help="Id of the account.")]
Target = Annotated[str, typer.Option(help="Where the suite runs.")]
LOCAL = "localhost:50051"
