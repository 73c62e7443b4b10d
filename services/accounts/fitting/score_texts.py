# ruff: noqa: T201 -- a script that prints what it does
"""Have the detector score the texts of recorded accounts.

python -m services.accounts.fitting.score_texts DATA SCORES

Writes SCORES/<file>.jsonl through `truepen detect`, for the files that have
texts. Score again into another folder for another model.
"""

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile

from services.accounts.domain.state import KEPT_TEXTS
from services.accounts.fitting.population import text_id

FILES = ("botornot2026_sets30_31", "moltbook_agents", "reddit_humans")
_COMMAND = Path(sys.executable).with_name("truepen")


def kept_texts(recorded: Path) -> Iterator[tuple[str, str]]:
    """Names and texts of the latest of each account, those a profile keeps."""
    with gzip.open(recorded, "rt", encoding="utf8") as lines:
        for row in map(json.loads, lines):
            written = [
                (text_id(row["account"], str(i)), event["text"])
                for i, event in enumerate(row["events"])
                if (event.get("text") or "").strip()
            ]
            yield from written[-KEPT_TEXTS:]


def score(recorded: Path, output: Path) -> None:
    """Score the latest texts of each account in *recorded*, those a profile keeps."""
    with NamedTemporaryFile("w", suffix=".jsonl", encoding="utf8") as texts:
        for name, text in kept_texts(recorded):
            texts.write(json.dumps({"id": name, "text": text}) + "\n")
        texts.flush()
        subprocess.run(  # noqa: S603  # our own command on a file of ours
            [_COMMAND, "detect", texts.name, "--output", output], check=True
        )


def main(data: Path, scores: Path) -> None:
    """Score every file that has no scores yet."""
    scores.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        output = scores / f"{name}.jsonl"
        if output.exists():
            print(f"{output} is there already")
        else:
            score(data / f"{name}.jsonl.gz", output)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
