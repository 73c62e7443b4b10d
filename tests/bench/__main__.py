"""`make bench`: every measurement of tests/bench, one after the other.

usage: python -m tests.bench [--curves] [--figures DIR] [--json PATH] [NAME ...]

NAME is one of detector, policy, standing, profiles, accounts, replay, tracing,
freshness, which are all run by default, and growth: what costs grow with, which
--curves adds. Prints a table and writes all there is to know to PATH, by default
var/bench.json. --figures draws the curves into DIR; with --from PATH nothing is
measured and those of an earlier run are drawn.
"""

import argparse
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.figures import write_figures
from tests.bench.measuring import machine

NAMES = (
    "detector",
    "policy",
    "standing",
    "profiles",
    "accounts",
    "replay",
    "tracing",
    "freshness",
)
GROWTH = "growth"
METHOD = (
    "Baseline and subject take turns within one run; medians of the rounds with "
    "their quartiles. CPU times are of the process that works."
)


def main() -> int:
    """Measure, tell and draw; 1 where a measurement failed, after the others."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--curves", action="store_true")
    parser.add_argument("--figures", type=Path, metavar="DIR")
    parser.add_argument("--from", dest="earlier", type=Path, metavar="PATH")
    parser.add_argument("--json", type=Path, default=Path("var/bench.json"))
    options = parser.parse_args()
    names = options.names or list(NAMES)
    names += [GROWTH] if options.curves and GROWTH not in names else []
    if unknown := set(names) - {*NAMES, GROWTH}:
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    console = Console()
    failed: list[str] = []
    if options.earlier:
        found = json.loads(options.earlier.read_text("utf8"))
    else:
        found, failed = measured(names, console)
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf8")
    console.print(table_of(found["rows"]))
    if not options.earlier:
        console.print(f"written to {options.json}")
    if options.figures:
        for path in write_figures(found["rows"], options.figures):
            console.print(f"drawn to {path}")
    if failed:
        console.print(f"failed: {', '.join(failed)}", style="bold red")
    return 1 if failed else 0


def measured(names: list[str], console: Console) -> tuple[dict[str, Any], list[str]]:
    """Run each in a process of its own; what was found, and which failed."""
    rows: list[dict[str, Any]] = []
    failed = []
    before = machine()
    for name in names:
        console.print(f"measuring {name} ...", style="dim")
        command = [sys.executable, "-m", f"tests.bench.bench_{name}"]
        ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        rows += [{"bench": name, **json.loads(line)} for line in lines(ended.stdout)]
        failed += [name] if ended.returncode else []
    found = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": before,
        "load_average_after": machine()["load_average"],
        "method": METHOD,
        "rows": rows,
    }
    return found, failed


def lines(text: str) -> list[str]:
    """The lines that are measurements."""
    return [line for line in text.splitlines() if line.startswith("{")]


def table_of(rows: list[dict[str, Any]]) -> Table:
    """What was measured, for a terminal."""
    table = Table("what", "median", "quartiles", "unit", "goal", box=None)
    for row in rows:
        low, high = row["quartiles"]
        told = [row["what"], row["median"], f"{low} - {high}", row["unit"], row["goal"]]
        table.add_row(*map(str, told))
    return table


sys.exit(main())
