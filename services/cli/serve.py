"""`truepen serve`: the three services in one process."""

from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.options import DataDir

if TYPE_CHECKING:
    from services.runtime.process import Wiring
    from services.suite import SuiteSettings


def serve(
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="TRUEPEN_PORT, else 50051."),
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="TRUEPEN_HOST, else 127.0.0.1.")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Serve detector, accounts and policy on one port, until interrupted."""
    from dataclasses import replace

    from services.runtime.migrate import NotReadyError
    from services.runtime.process import run
    from services.runtime.settings import SettingsError
    from services.suite import SuiteSettings

    given = {"port": port, "host": host, "data_dir": data_dir}
    chosen = {name: value for name, value in given.items() if value is not None}
    try:
        settings = SuiteSettings.from_environment()
        runtime = settings.runtime.model_copy(update=chosen)
        settings = replace(settings, runtime=runtime)
        code = run(runtime, lambda wiring: _serve(settings, wiring))
    except (SettingsError, NotReadyError) as error:
        typer.echo(error, err=True)
        raise typer.Exit(2) from error
    raise typer.Exit(code)


async def _serve(settings: "SuiteSettings", wiring: "Wiring") -> None:
    from services.suite import suite

    async with suite(settings, wiring) as server:
        await server.run()
