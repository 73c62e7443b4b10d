"""Files that commands read and write: what is wrong with one is told in a line."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

BROKEN = (OSError, EOFError, zlib.error, gzip.BadGzipFile)


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """End the command where *path*, read in here, is no file of its kind."""
    try:
        yield
    except (*BROKEN, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or error
        typer.echo(f"{path}: cannot be read: {why}", err=True)
        raise typer.Exit(2) from error


def writable(path: Path) -> None:
    """End the command where nothing can be written to *path*: before long work."""
    try:
        with path.open("ab"):
            pass
    except OSError as error:
        typer.echo(f"{path}: cannot be written: {error.strerror}", err=True)
        raise typer.Exit(2) from error
