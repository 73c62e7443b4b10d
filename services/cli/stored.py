"""Opens what a service has stored, beside a running suite or without one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from sqlalchemy import make_url

from services.cli.migrate import Stored, database_urls
from services.runtime import migrate
from services.runtime.database import Database
from services.runtime.logs import configure_logs
from services.runtime.settings import SettingsError


@contextmanager
def stored(service: Stored, data_dir: Path | None) -> Iterator[Database]:
    """Open the database of *service*; end the command where there is none.

    Nothing is migrated, and no file is made. Standard output is the command's.
    """
    configure_logs("auto", "warning")
    try:
        url = database_urls(data_dir)[service]
        _expect(url)
        migrate.check(url, f"services.{service}")
    except (SettingsError, FileNotFoundError, migrate.NotReadyError) as error:
        typer.echo(error, err=True)
        raise typer.Exit(2) from error
    database = Database(url, threads=1)
    try:
        yield database
    finally:
        database.close()


def _expect(url: str) -> None:
    """Raise FileNotFoundError where opening would make an empty database."""
    parts = make_url(url)
    if parts.get_backend_name() == "sqlite" and not Path(parts.database or "").exists():
        raise FileNotFoundError(f"there is no database at {parts.database}")
