# ruff: noqa: T201 -- a script that prints what it finds
"""Edges between recorded accounts against the time-shift null.

python -m services.accounts.fitting.measure_coordination FILE...

FILE: lines {"account", "events": [{"t", "type", "object"}]}, gzipped.
"""

import gzip
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

from services.accounts.domain.coordination.acts import (
    SECOND,
    SHIPPED,
    Collected,
    Glimpse,
    Seen,
    number_of,
)
from services.accounts.domain.coordination.findings import search

HALF_A_DAY = replace(SHIPPED, shift=(600, 43_200))


def seen(path: Path) -> Seen:
    """All that is recorded in *path*, as the periodic job would read it."""
    found = Collected()
    with gzip.open(path, "rt", encoding="utf8") as lines:
        for line in lines:
            row = json.loads(line)
            for event in sorted(row["events"], key=lambda event: event["t"]):
                target = event.get("object")
                number = number_of(f"{event['type']}:{target}") if target else 0
                moment = round(event["t"] * SECOND)
                found.add(row["account"], moment, Glimpse(number, 0, 0), b"")
    return found.seen()


def main(paths: list[Path]) -> None:
    """Print a row a file and null."""
    print("file | null up to | accounts | acts | edges | null | ratio | found | s")
    for path in paths:
        recorded = seen(path)
        for setting in (SHIPPED, HALF_A_DAY):
            started = time.perf_counter()
            found, summary = search(recorded, {}, setting)
            spent = time.perf_counter() - started
            ratio = "no null edge"
            if summary.null_edge_count:
                ratio = f"{summary.ratio:.0f} : 1"
            implicated = sum(not each.leads for each in found.values())
            print(
                f"{path.name} | {setting.shift[1] // 3600} h"
                f" | {summary.account_count} | {summary.act_count}"
                f" | {summary.edge_count} | {summary.null_edge_count} | {ratio}"
                f" | {implicated} in {summary.cluster_count} clusters,"
                f" {len(found) - implicated} lead | {spent:.1f}"
            )


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
