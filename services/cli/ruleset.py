"""`truepen ruleset`: work on rules without a suite."""

from pathlib import Path  # typer reads it at run time
from typing import Annotated

import typer

ruleset = typer.Typer(help="Works on rulesets.", no_args_is_help=True)


@ruleset.callback()
def main() -> None:
    """Work on rulesets."""


@ruleset.command()
def check(
    file: Annotated[
        Path, typer.Argument(help="A ruleset in YAML.", exists=True, dir_okay=False)
    ],
) -> None:
    """Compile and type-check a ruleset, offline; name every fault with its place."""
    from services.cli.output import print_record
    from services.policy.domain.rulefile import load_ruleset
    from services.policy.domain.yamlnodes import InvalidRuleset

    try:
        found = load_ruleset(file.read_text("utf-8"))
    except UnicodeDecodeError as error:
        typer.echo(f"{file}: is not UTF-8 at byte {error.start}", err=True)
        raise typer.Exit(1) from error
    except InvalidRuleset as error:
        for problem in error.problems:
            typer.echo(f"{file}: {problem}", err=True)
        raise typer.Exit(1) from error
    print_record(
        {
            "name": found.name,
            "version": found.version,
            "rules": len(found.rules),
            "digest": found.digest,
        }
    )
