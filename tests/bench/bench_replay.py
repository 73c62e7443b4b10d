"""How fast recorded accounts are replayed: `python -m tests.bench.bench_replay`.

`truepen replay` as a command, start-up included, on invented accounts without
text: of each, an event every few hours for some weeks. A file given instead is
replayed as it is.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.measuring import Found, say

ACCOUNTS, EVENTS = 300, 60
START = 1_772_000_000
TRUEPEN = Path(sys.executable).with_name("truepen")


def invented(path: Path, accounts: int) -> Path:
    """A recording of so many accounts."""
    kinds = ("post", "reply", "share", "commit")
    with path.open("w", encoding="utf8") as lines:
        for number in range(accounts):
            time_s, events = START + number * 601, []
            for place in range(EVENTS):
                time_s += 600 + (place * place * 997 + number * 7_919) % 30_000
                kind = kinds[(place + number) % len(kinds)]
                events.append({"t": time_s, "type": kind, "len": 20 + place % 90})
            lines.write(json.dumps({"account": f"a{number}", "events": events}) + "\n")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recording", nargs="?", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        source = options.recording or invented(Path(name) / "in.jsonl", ACCOUNTS)
        replayed(source, Path(name) / "out.jsonl")


def replayed(source: Path, output: Path) -> None:
    """Replay *source*, and say at which rate."""
    before, begun = cpu_s(), time.perf_counter()
    command = [str(TRUEPEN), "replay", str(source), "--output", str(output)]
    subprocess.run(command, check=True)
    passed, used = time.perf_counter() - begun, cpu_s() - before
    rows = [json.loads(line) for line in output.read_text("utf8").splitlines()]
    events = sum(row["events"] for row in rows)
    told = f"{events} events of {len(rows)} accounts"
    goal = ">= 1,667 on 2 cores"
    say(f"replayed, {told}", Found(*[events / passed] * 3), "events/s", goal)
    say(f"replayed, {told}, by CPU", Found(*[events / used] * 3), "events/CPU-s")


def cpu_s() -> float:
    """CPU time of the commands that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
