"""`make bench`: every measurement of tests/bench, one after the other.

usage: python -m tests.bench [--curves] [--json PATH] [NAME ...]

NAME is one of detector, policy, standing, profiles, accounts, replay, tracing,
freshness; all by default. Prints a table and writes all there is to know to PATH, by default
var/bench.json. With --curves also what costs grow with.
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
METHOD = (
    "Baseline and subject take turns within one run; medians of the rounds with "
    "their quartiles. CPU times are of the process that works."
)


def main() -> int:
    """Run each in a process of its own; 1 where one failed, after the others."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--curves", action="store_true")
    parser.add_argument("--json", type=Path, default=Path("var/bench.json"))
    options = parser.parse_args()
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    console = Console()
    rows: list[dict[str, Any]] = []
    failed = []
    before = machine()
    for name in options.names or NAMES:
        console.print(f"measuring {name} ...", style="dim")
        command = [sys.executable, "-m", f"tests.bench.bench_{name}"]
        command += ["--curves"] if options.curves else []
        ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        rows += [{"bench": name, **json.loads(line)} for line in lines(ended.stdout)]
        failed += [name] if ended.returncode else []
    console.print(table_of(rows))
    written = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": before,
        "load_average_after": machine()["load_average"],
        "method": METHOD,
        "rows": rows,
    }
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(written, indent=1) + "\n", encoding="utf8")
    console.print(f"written to {options.json}")
    if failed:
        console.print(f"failed: {', '.join(failed)}", style="bold red")
    return 1 if failed else 0


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
