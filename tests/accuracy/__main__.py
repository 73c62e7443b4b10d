"""`make evaluate DATA=...`: how accurate detector and suite are, and others beside.

DATA holds text/dev.{zh,en}.jsonl.gz, lines {"id", "text", "label": human, ai or
mixed, "lang", "source", "domain", "generator", "attack"}, and behaviour/ with
recorded accounts as `truepen replay` takes them, each with a "label". Writes
accuracy.md and figures/ into --docs, all numbers as JSON and a line a text into
--work. Raw scores are kept there too: what was cut short goes on where it was,
and a new calibration of the same weights is told in minutes.
"""

import argparse
import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from services.detector.detect import Detector
from services.detector.model import PACKAGED
from services.detector.training.data import LANGUAGES, read_lines
from services.detector.training.evaluate import diagram
from tests.accuracy import accounts, figures, findings, goals
from tests.accuracy.peers import Peer
from tests.accuracy.remembered import Memory, Remembering
from tests.accuracy.report import report
from tests.accuracy.texts import Judged, judge

HERE = Path(__file__).parent
NEEDED = ("id", "text", "label", "lang", "source", "domain", "generator", "attack")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write, and print the goals; 2 where DATA is not what it should be."""
    given = _parsed(arguments)
    console = Console(stderr=True)
    if problem := wrong_with(given.data, texts_only=given.texts_only):
        # Soft: a path that is broken over lines cannot be copied.
        console.print(f"make evaluate: {problem}", style="bold red", soft_wrap=True)
        return 2
    with Memory(given.work / "scores.sqlite") as memory:
        model = Remembering(given.model, memory)
        judged = {}
        for lang in LANGUAGES:
            console.print(f"judging the {lang} texts ...", style="dim")
            judged[lang] = judge(given.data / "text", lang, model, memory, given.peers)
        told = {lang: findings.of_texts(each) for lang, each in judged.items()}
        about = None
        if not given.texts_only:
            console.print("judging recorded accounts ...", style="dim")
            about = _accounts(given.data / "behaviour", given.work, model)
    asked = [goal for lang in told for goal in goals.of_language(lang, told[lang])]
    asked += list(goals.of_accounts(about)) if about else []
    which = {"version": model.card.version, "digest": model.digest}
    _write(given.work, which, judged, told, about)
    _draw(given.docs / "figures", told, about)
    page = given.docs / "accuracy.md"
    page.write_text(report(told, about, asked, which), encoding="utf8")
    width = None if sys.stdout.isatty() else 140
    Console(width=width).print(_table(asked))
    written = f"written to {page} and {given.work / 'accuracy.json'}"
    console.print(written, soft_wrap=True)
    return 0


def wrong_with(data: Path, *, texts_only: bool) -> str:
    """Say what *data* lacks; nothing where it has all that is read."""
    files = [data / f"text/dev.{lang}.jsonl.gz" for lang in LANGUAGES]
    if not texts_only:
        files += [data / f"behaviour/{name}.jsonl.gz" for name in accounts.FILES]
    if not data.is_dir():
        return f"DATA must be a folder of data; {data} is none"
    if missing := [str(path) for path in files if not path.is_file()]:
        return f"DATA lacks {', '.join(missing)}"
    for lang, path in zip(LANGUAGES, files, strict=False):
        try:
            rows = read_lines(path)
        except (OSError, EOFError, ValueError) as error:
            return f"{path}: {error}"
        for number, row in enumerate(rows, 1):
            lacks = [name for name in NEEDED if name not in row]
            if lacks:
                return f"{path}, line {number}: no {', '.join(lacks)}"
            if row["lang"] != lang:
                return f"{path}, line {number}: lang is {row['lang']}, not {lang}"
        if not {"human", "ai"} <= {row["label"] for row in rows}:
            return f"{path} must have texts labelled human and texts labelled ai"
    return ""


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.accuracy",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", type=Path, metavar="DATA")
    parser.add_argument("--model", type=Path, default=PACKAGED, help="model directory")
    parser.add_argument("--docs", type=Path, default=Path("docs"))
    parser.add_argument("--work", type=Path, default=Path("var/accuracy"))
    parser.add_argument("--texts-only", action="store_true", help="no accounts")
    parser.add_argument(
        "--slop",
        metavar="PYTHON",
        help="command that starts the Python which has is-it-slop",
    )
    parser.add_argument(
        "--peer",
        nargs=3,
        action="append",
        default=[],
        metavar=("LANG", "NAME", "COMMAND"),
        help="another detector: lines {text} in, lines {score} out; repeatable",
    )
    given = parser.parse_args(arguments)
    given.peers = [Peer(*each) for each in given.peer]
    if given.slop:
        script = shlex.quote(str(HERE / "peer_is_it_slop.py"))
        given.peers.append(Peer("en", "is-it-slop", f"{given.slop} {script}"))
    return given


def _accounts(behaviour: Path, work: Path, model: Remembering) -> dict[str, Any]:
    scores = work / model.digest[:12]
    accounts.score(behaviour, scores, Detector(model))
    unseen = accounts.held_out(behaviour, scores)
    outcomes = accounts.replayed(behaviour / f"{accounts.POSTS}.jsonl.gz", work)
    return findings.of_accounts(outcomes, unseen)


def _write(
    work: Path,
    model: dict[str, str],
    judged: dict[str, Judged],
    told: dict[str, Any],
    about: dict[str, Any] | None,
) -> None:
    everything = {"model": model, "texts": told, "accounts": about}
    said = json.dumps(everything, indent=1, ensure_ascii=False) + "\n"
    (work / "accuracy.json").write_text(said, encoding="utf8")
    with (work / "predictions.jsonl").open("w", encoding="utf8") as lines:
        for each in judged.values():
            for k, row in enumerate(each.found):
                arms = {name: float(scores[k]) for name, scores in each.arms.items()}
                known = json.dumps({**row, "arms": arms}, ensure_ascii=False)
                lines.write(known + "\n")


def _draw(folder: Path, told: dict[str, Any], about: dict[str, Any] | None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {}
    for lang, found in told.items():
        title = f"Reliability, {lang}, unseen sets"
        drawn[f"detector-reliability-{lang}"] = diagram(found["reliability"], title)
        drawn[f"accuracy-auroc-{lang}"] = figures.rankings(found["sources"], lang)
        people = found["people"]["source"]
        drawn[f"accuracy-people-{lang}"] = figures.accusations(people, lang)
    if about:
        drawn["accuracy-accounts"] = figures.posteriors(about["held_out"])
    for name, svg in drawn.items():
        (folder / f"{name}.svg").write_text(svg, encoding="utf8")


def _table(asked: Sequence[goals.Goal]) -> Table:
    table = Table("what", "goal", "found", "", box=None)
    for goal in asked:
        table.add_row(goal.what, goal.goal, goal.found, "" if goal.met else "missed")
    return table


if __name__ == "__main__":
    sys.exit(main())
