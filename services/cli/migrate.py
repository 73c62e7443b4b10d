"""`truepen migrate`: brings the databases to what this release expects."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from services.cli.options import DataDir


class Stored(StrEnum):
    """The services that keep something."""

    ACCOUNTS = "accounts"
    POLICY = "policy"


def migrate(
    service: Annotated[
        Stored | None, typer.Argument(help="One service; all by default.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; fail where outdated.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Bring the schemas to the newest revision. Forward only, safe to repeat."""
    from services.cli.output import print_record
    from services.runtime import migrate as schema
    from services.runtime.settings import SettingsError

    try:
        urls = database_urls(data_dir)
    except SettingsError as error:
        typer.echo(error, err=True)
        raise typer.Exit(2) from error
    outdated = False
    for name in [service] if service else list(Stored):
        package = f"services.{name}"
        try:
            if not check:
                before = schema.upgrade(urls[name], package)
                print_record({"service": name.value, "revision_before": before})
            schema.check(urls[name], package)
        except schema.NotReadyError as error:
            typer.echo(error, err=True)
            outdated = True
    if outdated:
        raise typer.Exit(1)


def database_urls(data_dir: Path | None) -> dict[Stored, str]:
    """Return where each service keeps its rows; SettingsError with every fault."""
    from services.suite import SuiteSettings

    settings = SuiteSettings.from_environment()
    folder = data_dir or settings.runtime.data_dir
    return {
        Stored.ACCOUNTS: settings.accounts.database(folder),
        Stored.POLICY: settings.policy.database(folder),
    }
