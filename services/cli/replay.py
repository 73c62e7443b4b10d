"""`truepen replay`: recorded accounts through the whole suite over real gRPC."""

from __future__ import annotations

import json
import sys
from pathlib import Path  # noqa: TC003  # typer reads it at run time
from typing import TYPE_CHECKING, Annotated

import typer
import uvloop

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from services.cli.recordings import Recording


def replay(
    recordings: Annotated[
        Path,
        typer.Argument(help="IN.jsonl or IN.jsonl.gz.", exists=True, dir_okay=False),
    ],
    output: Annotated[
        Path | None, typer.Option(help="OUT.jsonl; standard output by default.")
    ] = None,
    step_interval: Annotated[
        float | None,
        typer.Option(min=0, help="Seconds instead of the ladder's waiting times."),
    ] = None,
) -> None:
    """Replay recorded accounts on a fresh suite; write one line an account.

    A line of IN.jsonl is {"account", "events": [{"t", "type", "text"?, "len"?,
    "target"?}]}: t is ISO 8601 or epoch seconds, type is post, reply, comment,
    repost or share, or anything else, which makes no claim about content.

    Events go in by the time they happened, on a clock that follows them.
    Labels are not read. Where events were refused, standard error says why.
    """
    from services.cli.files import readable, writable
    from services.cli.recordings import RecordingError, read_recordings

    if output is not None:
        writable(output)
    try:
        with readable(recordings):
            read = list(read_recordings(recordings))
    except RecordingError as error:
        typer.echo(error, err=True)
        raise typer.Exit(2) from error
    if not read:
        typer.echo(f"{recordings}: holds no account: nothing to replay", err=True)
        raise typer.Exit(2)
    lines = uvloop.run(_replay(read, step_interval))
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, encoding="utf-8")


async def _replay(
    recordings: Sequence[Recording], step_interval: float | None
) -> list[dict[str, object]]:
    from services.cli.embedded import embedded_suite
    from services.cli.progress import progress
    from services.cli.replayer import Replay

    count = sum(len(recording.events) for recording in recordings)
    async with embedded_suite(_start(recordings), step_interval) as channel:
        replaying = Replay(channel, recordings)
        with progress("replaying", count) as advance:
            async for sent in replaying.run():
                advance(sent)
        for problem, times in replaying.refused.most_common(5):
            typer.echo(f"refused {times} events: {problem}", err=True)
        return [await replaying.outcome(p) for p in replaying.progress.values()]


def _start(recordings: Sequence[Recording]) -> datetime:
    """Return an instant before the first event: the rules apply to all of them."""
    from datetime import timedelta

    from services.cli.recordings import EPOCH

    first = min((e.time_us for r in recordings for e in r.events), default=0)
    return EPOCH + timedelta(microseconds=first) - timedelta(days=1)
