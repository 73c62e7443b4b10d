"""The `truepen` command. Each command imports what it needs when it runs."""

from importlib.metadata import version as installed
from typing import Annotated

import typer

from services.cli.appeal import appeal
from services.cli.backtest import backtest
from services.cli.calibrate import calibrate
from services.cli.case import case
from services.cli.compare import compare
from services.cli.demo import demo
from services.cli.detect import detect
from services.cli.explain import explain
from services.cli.migrate import migrate
from services.cli.profile import profile
from services.cli.prune import prune
from services.cli.rebuild import rebuild
from services.cli.replay import replay
from services.cli.report import report
from services.cli.restored import erasures, restored
from services.cli.ruleset import ruleset
from services.cli.serve import serve
from services.cli.standing import standing
from services.cli.texts import texts
from services.cli.transparency import transparency
from services.cli.verify import verify_log

app = typer.Typer(
    help="A person behind every account: detection, evidence, fair enforcement.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # they hold texts
)


def tell_version(asked: bool) -> None:
    """Print the release, and end."""
    if asked:
        typer.echo(f"truepen {installed('truepen')}")
        raise typer.Exit


@app.callback()
def options(
    _version: Annotated[
        bool | None,
        typer.Option(
            "--version",
            callback=tell_version,
            is_eager=True,
            help="Show the release and exit.",
        ),
    ] = None,
) -> None:
    """Take what stands before the command."""


for command in (
    serve,
    demo,
    detect,
    calibrate,
    replay,
    migrate,
    standing,
    profile,
    report,
):
    app.command()(command)
app.command()(explain)
app.command()(verify_log)
app.command()(rebuild)
app.command()(compare)
app.command()(prune)
app.add_typer(texts, name="texts")
app.command()(erasures)
app.command()(restored)
app.command()(transparency)
app.command()(backtest)
app.add_typer(case, name="case")
app.add_typer(appeal, name="appeal")
app.add_typer(ruleset, name="ruleset")
