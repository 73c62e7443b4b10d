"""`truepen detect`: a file of texts in, a file of verdicts out."""

from __future__ import annotations

import gzip
import json
import os
import sys
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path  # noqa: TC003  # typer reads it at run time
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TextIO

    from services.cli.text_lines import Item
    from services.detector.detect import Detector
    from services.detector.panel import Assessor

BATCH = 64
AHEAD = 2
"""Batches that are read ahead for each processor."""


def detect(
    texts: Annotated[
        Path,
        typer.Argument(help="IN.jsonl or IN.jsonl.gz.", exists=True, dir_okay=False),
    ],
    output: Annotated[
        Path | None, typer.Option(help="OUT.jsonl[.gz]; standard output by default.")
    ] = None,
    model_dir: Annotated[
        Path | None, typer.Option(help="Folder of a model; the shipped one by default.")
    ] = None,
) -> None:
    """Assess texts, a line {"id","text"} each; write one line an id.

    Lines that cannot be read and repeated ids are named on standard error; the
    exit code is then 1, and every other line is answered all the same.
    """
    from services.cli.files import readable, writable
    from services.cli.output import print_record
    from services.cli.text_lines import opened, read_items

    if output:
        writable(output)
    assessor = load(model_dir)
    complaints = 0

    def complain(problem: str) -> None:
        nonlocal complaints
        complaints += 1
        typer.echo(f"{texts}: {problem}", err=True)

    written = 0
    with ExitStack() as stack:
        stack.enter_context(readable(texts))
        lines, position = stack.enter_context(opened(texts))
        out = stack.enter_context(_writer(output)) if output else sys.stdout
        advance = stack.enter_context(progress("assessing", texts.stat().st_size))
        for rows in assessed(read_items(lines, complain), assessor, complain):
            out.writelines(json.dumps(row) + "\n" for row in rows)
            written += len(rows)
            advance(position())
    summary = {"texts": written, "complaints": complaints, "output": str(output or "-")}
    print_record(summary, sys.stdout if output else sys.stderr)
    if complaints:
        raise typer.Exit(1)


def load(model_dir: Path | None) -> Detector:
    """Load the model in *model_dir*; end the command where that is impossible."""
    from services.detector.detect import Detector
    from services.detector.model import Model, ModelFault
    from services.runtime.settings import SettingsError
    from services.suite import SuiteSettings

    try:
        chosen = model_dir or SuiteSettings.from_environment().detector.model_dir
        return Detector(Model(chosen))
    except (ModelFault, SettingsError) as error:
        typer.echo(error, err=True)
        raise typer.Exit(2) from error


def assessed(
    items: Iterable[Item], assessor: Assessor, complain: Callable[[str], None]
) -> Iterator[list[dict[str, Any]]]:
    """Yield the lines for *items*, a batch at a time; one for each, come what may."""
    for batch, outcomes in answered(items, assessor):
        rows = []
        for item, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Exception):
                complain(f"id {item.id!r}: the model failed on it")
            rows.append(row(item.id, outcome))
        yield rows


def answered(
    items: Iterable[Item], assessor: Assessor
) -> Iterator[tuple[list[Item], Sequence[Any]]]:
    """Yield batches of *items* and what becomes of each, in order.

    All processors work: a run of the model takes one.
    """
    from services.detector.batching import answer_each

    rest, threads = iter(items), os.cpu_count() or 1
    under_way: deque[tuple[list[Item], Future[Sequence[Any]]]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        while batch := list(islice(rest, BATCH)):
            texts = [item.text for item in batch]
            under_way.append((batch, pool.submit(answer_each, assessor.detect, texts)))
            if len(under_way) > AHEAD * threads:
                done, found = under_way.popleft()
                yield done, found.result()
        for done, found in under_way:
            yield done, found.result()


def row(name: str | int, outcome: Any) -> dict[str, Any]:
    """Return the line for one text; a text the model failed on says nothing."""
    from services.detector.convert import LANGUAGES

    line: dict[str, Any] = {
        "id": name,
        "verdict": "UNDECIDED",
        "ai_probability": 0.5,
        "log_likelihood_ratio": 0.0,
        "language": "und",
        "model": "",
    }
    if not isinstance(outcome, Exception):
        line |= {
            "verdict": outcome.verdict.value,
            "ai_probability": outcome.ai_probability,
            "log_likelihood_ratio": outcome.log_likelihood_ratio,
            "language": LANGUAGES[outcome.language],
            "model": f"{outcome.model_version}@{outcome.model_digest[:12]}",
        }
    return line


def _writer(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "wt", encoding="utf8")
    return path.open("w", encoding="utf8")


@contextmanager
def progress(doing: str, whole: int) -> Iterator[Callable[[int], None]]:
    """Show how much of *whole* is done, where somebody is looking."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task(doing, total=whole)
        yield lambda done: bar.update(task, completed=done)
