"""`truepen calibrate`: fit the detector to a platform's own labelled texts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path  # noqa: TC003  # typer reads it at run time
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from services.detector.detect import Reading
    from services.detector.recalibrate import Known, Outcome

LABELS = ("human", "ai", "mixed")
BATCH = 64


def calibrate(
    labelled: Annotated[
        Path,
        typer.Argument(help="IN.jsonl or IN.jsonl.gz.", exists=True, dir_okay=False),
    ],
    output: Annotated[
        Path, typer.Option(help="Folder for the fitted model; must not exist yet.")
    ],
    model_dir: Annotated[
        Path | None,
        typer.Option(help="Folder of the model to fit; the shipped one by default."),
    ] = None,
    name: Annotated[
        str, typer.Option(help="Goes into the version of the fitted model.")
    ] = "platform",
) -> None:
    """Fit thresholds and evidence to your own texts; the model's weights stay.

    A line {"text", "label": human|ai|mixed, "author"?, "population"?} each. Needs
    200 texts of people of a language and about one length to fit anything
    there, and 100 of machines to move probabilities too. A third of the authors
    is kept apart, and what is printed is measured on them. Serve the result
    with TRUEPEN_DETECTOR_MODEL_DIR, or beside the present model at first with
    TRUEPEN_DETECTOR_SHADOW_MODEL_DIRS.
    """
    from services.cli.detect import load, progress
    from services.cli.files import readable
    from services.cli.output import print_rows
    from services.cli.text_lines import opened
    from services.detector.model import CARD, PACKAGED, write_card
    from services.detector.recalibrate import recalibrate

    if output.exists():
        raise typer.BadParameter(f"{output} exists", param_hint="--output")
    directory = model_dir or PACKAGED
    detector = load(directory)
    complaints: list[str] = []
    with readable(labelled), opened(labelled) as (lines, _):
        texts = list(read_known(lines, complaints.append))
    for complaint in complaints:
        typer.echo(f"{labelled}: {complaint}", err=True)
    if not texts:
        typer.echo(f"{labelled}: holds no labelled text: nothing to fit", err=True)
        raise typer.Exit(2)

    def read(some: Sequence[str]) -> list[Reading | None]:
        found: list[Reading | None] = []
        with progress("reading", len(some)) as advance:
            for start in range(0, len(some), BATCH):
                found += detector.read_on(some[start : start + BATCH])
                advance(len(found))
        return found

    outcome = recalibrate(detector.model_card(), texts, read)
    outcome.card["version"] = f"{outcome.card['version']}+{name}"
    shutil.copytree(directory, output, ignore=shutil.ignore_patterns(CARD))
    digest = write_card(outcome.card, output)
    print_rows("on authors kept apart", list(rows(outcome)))
    typer.echo(f"{output}: {outcome.card['version']}@{digest[:12]}", err=True)
    if outcome.left_out:
        typer.echo(f"{outcome.left_out} texts get no verdict: left out", err=True)
    if complaints:
        raise typer.Exit(1)


def read_known(
    lines: Iterable[str], complain: Callable[[str], None]
) -> Iterator[Known]:
    """Yield what *lines* hold; tell *complain* of each one that is left out."""
    from services.detector.recalibrate import Known

    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            complain(f"line {number}: not JSON")
            continue
        if not isinstance(row, dict) or not isinstance(row.get("text"), str):
            complain(f"line {number}: must be an object with a text")
        elif row.get("label") not in LABELS:
            complain(f"line {number}: label must be one of {', '.join(LABELS)}")
        else:
            author = str(row.get("author") or row.get("id") or number)
            population = str(row.get("population") or "platform")
            yield Known(author, row["text"], row["label"], population)


def rows(outcome: Outcome) -> Iterator[dict[str, Any]]:
    """Before and after, a row a language, measured on authors kept apart."""
    for language, after in outcome.after.items():
        for when, rates in (("before", outcome.before[language]), ("after", after)):
            yield {"language": language, "card": when, **rates.told()}
